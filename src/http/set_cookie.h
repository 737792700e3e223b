// The Set-Cookie field (RFC 6265bis section 4.1), read strictly and written anew: browsers read malformed
// values in different ways (section 5.6), so only values of the grammar leave.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::http {

enum class SameSite : std::uint8_t { unsaid, strict, lax, none };

// Views of the field's value.
struct SetCookie {
  std::string_view name;                        // a token
  std::string_view value;                       // cookie-octets, or the same in quotes
  std::optional<std::string_view> domain;       // a host name or address, without a leading dot
  std::optional<std::string_view> path;         // begins with `/`
  std::optional<std::int64_t> max_age;          // seconds; not positive: the cookie ends
  std::optional<std::array<char, 29>> expires;  // IMF-fixdate (RFC 9110 section 5.6.7)
  SameSite same_site = SameSite::unsaid;        // also if its word is not one of the three (section 5.6.7)
  bool secure = false;
  bool http_only = false;
  bool partitioned = false;  // CHIPS
};

// Nothing if the pair does not match the grammar, if name and value have more than 4096 bytes or an attribute
// more than 1024 (section 5.6), if a known attribute comes twice or does not parse, or if the name begins
// with `__Host-` and the attributes break its rules (section 4.1.3.2). Dates may have hyphens, as PHP writes
// them. Unknown attributes (`Version`, `Priority`) are left out.
std::optional<SetCookie> parse_set_cookie(std::string_view field_value);

// The name that a browser would find: the text before the first `=`, without white space around it; empty if
// there is none.
std::string_view set_cookie_name(std::string_view field_value);

// Appends the field's value, in one order and spelling.
void append_set_cookie(std::string& out, const SetCookie& cookie);

}  // namespace gatehouse::http
