// The Set-Cookie field (RFC 6265bis section 4.1), read strictly and written anew: browsers read what servers
// write wrongly in different ways (section 5.6), so that what leaves is what the grammar says, and no more.
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
  SameSite same_site = SameSite::unsaid;        // also where its word is none of the three (section 5.6.7)
  bool secure = false;
  bool http_only = false;
  bool partitioned = false;  // CHIPS
};

// Nothing where the pair is not of the grammar, where name and value have more than 4096 bytes or an
// attribute more than 1024 (section 5.6), where an attribute that is known comes twice or does not parse, or
// where the name begins with `__Host-` and the attributes break what that promises (section 4.1.3.2). Dates
// may have hyphens, as PHP writes them. Attributes that are not known (`Version`, `Priority`) are left out.
std::optional<SetCookie> parse_set_cookie(std::string_view field_value);

// The name that a browser would find: what stands before the first `=`, without white space around it; empty
// where there is none.
std::string_view set_cookie_name(std::string_view field_value);

// Appends the field's value, in one order and spelling.
void append_set_cookie(std::string& out, const SetCookie& cookie);

}  // namespace gatehouse::http
