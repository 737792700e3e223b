// The Cookie field (RFC 6265bis section 4.2), read strictly.
#pragma once

#include <optional>
#include <string_view>

namespace gatehouse::http {

struct Cookie {
  std::string_view name;   // a token
  std::string_view value;  // cookie-octets, without the quotes around it
};

// `cookie-pair *( ";" SP cookie-pair )` and nothing else: what a browser never sends is not read.
class CookieReader {
 public:
  explicit CookieReader(std::string_view field_value) : rest_(field_value) {}

  // The next cookie; nothing at the end or at what is not a cookie. malformed() tells which.
  std::optional<Cookie> next();
  bool malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  bool first_ = true;
  bool malformed_ = false;
};

enum class CookieLookup : unsigned char { found, absent, refused };
// The cookie of that name. `refused`: the field is malformed, or holds the name twice (one of them was
// planted from another path or domain, and which is which cannot be known).
CookieLookup find_cookie(std::string_view field_value, std::string_view name, std::string_view& value);

}  // namespace gatehouse::http
