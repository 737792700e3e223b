// The time at which a client may ask again, from an upstream's answer of which nothing else leaves.
#pragma once

#include <string_view>

namespace gatehouse {

struct CallReport;

// `fields`: the answer's field lines. A value that is neither a date nor so many seconds is left out (RFC
// 9110 section 10.2.3).
void keep_retry_after(CallReport& report, std::string_view fields);

}  // namespace gatehouse
