// The field lines of a head as text.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/strings.h"

namespace gatehouse::http {

// Calls `visit(value)` for each line of that field, of field lines that end with CRLF; `name` is in lower
// case.
template <typename Visit>
void for_each_line(std::string_view fields, std::string_view name, Visit&& visit) {
  while (!fields.empty()) {
    const auto end = std::min(fields.find("\r\n"), fields.size());
    const std::string_view line = fields.substr(0, end);
    fields.remove_prefix(std::min(end + 2, fields.size()));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
      visit(trimmed(line.substr(colon + 1)));
  }
}

}  // namespace gatehouse::http
