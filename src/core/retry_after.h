// The time at which a client may ask again, from an upstream's answer of which nothing else leaves.
#pragma once

#include "core/response_fields.h"

namespace gatehouse {

struct CallReport;

// `fields`: of the answer. A value that is neither a date nor so many seconds is left out (RFC
// 9110 section 10.2.3).
void keep_retry_after(CallReport& report, const ResponseFields& fields);

}  // namespace gatehouse
