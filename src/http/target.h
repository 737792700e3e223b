// What a path and a query may look like (RFC 3986, and the decisions in request_parser.h).
#pragma once

#include <optional>
#include <string_view>

#include "http/malformed.h"

namespace gatehouse::http {

// Both are given texts of target characters (characters.h); the path begins with `/`.
std::optional<Malformed> wrong_in_path(std::string_view path);
std::optional<Malformed> wrong_in_query(std::string_view query);

}  // namespace gatehouse::http
