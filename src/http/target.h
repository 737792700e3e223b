// The syntax of a path and a query (RFC 3986, and the decisions in request_parser.h).
#pragma once

#include <optional>
#include <string_view>

#include "http/malformed.h"
#include "http/method.h"
#include "http/path_segment.h"
#include "http/request.h"

namespace gatehouse::http {

struct TargetParts {
  TargetScheme scheme = TargetScheme::unsaid;
  std::string_view authority;  // not read yet; empty in origin-form
  // Path and query as they were sent. `/`, or `*` of OPTIONS, where absolute-form has neither (section
  // 3.2.4): then it is a constant. Empty: the target has none of the forms.
  std::string_view origin;
};
// `target` is not empty. A `?` directly after the authority is an error: there is no path to forward.
TargetParts target_parts(std::string_view target, Method method);

// Both are given texts of target characters (characters.h); the path begins with `/`.
std::optional<Malformed> wrong_in_path(std::string_view path, EncodedSlash slash = EncodedSlash::refused);
std::optional<Malformed> wrong_in_query(std::string_view query);

}  // namespace gatehouse::http
