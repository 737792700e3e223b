#include "core/retry_after.h"

#include <algorithm>

#include "core/target.h"
#include "http/head_lines.h"
#include "http/http_date.h"

namespace gatehouse {

void keep_retry_after(CallReport& report, std::string_view fields) {
  http::for_each_line(fields, "retry-after", [&report](std::string_view value) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool seconds = !value.empty() && value.size() <= 10 && std::ranges::all_of(value, is_digit);
    if (seconds || http::is_http_date(value)) report.retry_after = value;
  });
}

}  // namespace gatehouse
