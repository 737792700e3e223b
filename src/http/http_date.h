// HTTP-date in its three forms (RFC 9110 section 5.6.7).
#pragma once

#include <string_view>

namespace gatehouse::http {

// The whole text, to the letter. The day is one that the month can have; the name of the weekday is not
// compared with the date.
bool is_http_date(std::string_view text);

}  // namespace gatehouse::http
