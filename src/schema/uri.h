// URI references (RFC 3986): split and resolved, which is all that $id and $ref need. Whether a text is a
// URI to the letter is format.h's question.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::schema {

struct UriParts {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> fragment;
};

UriParts split_uri(std::string_view reference);  // RFC 3986, appendix B: never fails

// RFC 3986, section 5.2.2, strict. `base` is absolute; its fragment is ignored.
std::string resolve_uri(std::string_view base, std::string_view reference);

std::string_view without_fragment(std::string_view uri);
std::string percent_decoded(std::string_view text);  // text that is not an escape is unchanged

}  // namespace gatehouse::schema
