#include "core/retry_after.h"

#include <algorithm>
#include <string_view>

#include "core/target.h"
#include "http/http_date.h"

namespace gatehouse {

void keep_retry_after(CallReport& report, const ResponseFields& fields) {
  for (const http::Field field : fields) {
    if (field.id != http::FieldId::retry_after) continue;
    const std::string_view value = field.value;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool seconds = !value.empty() && value.size() <= 10 && std::ranges::all_of(value, is_digit);
    if (seconds || http::is_http_date(value)) report.retry_after = value;
  }
}

}  // namespace gatehouse
