// Absolute http and https URLs (RFC 3986), as configuration writes them; and percent-encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::http {

enum class Scheme : std::uint8_t { http, https };

struct Url {
  Scheme scheme = Scheme::https;
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string path;   // raw, begins with `/`
  std::string query;  // raw, without `?`

  // `host`, `host:port` where the port is not the scheme's own, and IPv6 in brackets.
  std::string authority() const;
  // `scheme://authority`.
  std::string origin() const;
};

// Refuses other schemes, user information, fragments, dot segments, and every character that RFC 3986
// refuses.
std::optional<Url> parse_url(std::string_view text);

// Decodes every `%XX` once, and nothing else: `+` stays `+`. Nothing where a `%` lacks its two digits.
std::optional<std::string> percent_decoded(std::string_view text);
// The same into a caller's string, so that a hot path can reuse its memory.
bool percent_decoded(std::string_view text, std::string& out);
// Appends the one spelling that all of the text's equivalents share (RFC 3986 sections 6.2.2.1 and 6.2.2.2):
// an encoded unreserved character as itself, other `%XX` in upper case. Every `%` has its two digits.
void append_normalized(std::string& out, std::string_view text);
// Everything but unreserved characters as `%XX`, upper case.
std::string percent_encoded(std::string_view text);

}  // namespace gatehouse::http
