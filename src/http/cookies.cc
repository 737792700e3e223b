#include "http/cookies.h"

#include <algorithm>

#include "http/characters.h"

namespace gatehouse::http {
namespace {

// RFC 6265bis section 4.1.1 cookie-octet.
bool is_cookie_octet(char c) { return c > ' ' && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\'; }

}  // namespace

std::optional<Cookie> CookieReader::next() {
  if (malformed_ || (!first_ && rest_.empty())) return std::nullopt;
  first_ = false;
  malformed_ = true;  // until it is read to its end

  const auto semicolon = rest_.find(';');
  const auto pair = rest_.substr(0, semicolon);
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  Cookie cookie{pair.substr(0, equals), pair.substr(equals + 1)};
  if (cookie.value.size() >= 2 && cookie.value.front() == '"' && cookie.value.back() == '"') {
    cookie.value = cookie.value.substr(1, cookie.value.size() - 2);
  }
  if (!all(cookie.name, kTokenCharacter)) return std::nullopt;
  if (!std::all_of(cookie.value.begin(), cookie.value.end(), is_cookie_octet)) return std::nullopt;

  if (semicolon == std::string_view::npos) {
    rest_ = {};
  } else {
    rest_.remove_prefix(semicolon + 1);
    if (rest_.size() < 2 || rest_.front() != ' ') return std::nullopt;
    rest_.remove_prefix(1);
  }
  malformed_ = false;
  return cookie;
}

CookieLookup find_cookie(std::string_view field_value, std::string_view name, std::string_view& value) {
  CookieReader reader(field_value);
  auto result = CookieLookup::absent;
  while (const auto cookie = reader.next()) {
    if (cookie->name != name) continue;
    if (result == CookieLookup::found) return CookieLookup::refused;
    result = CookieLookup::found;
    value = cookie->value;
  }
  return reader.malformed() ? CookieLookup::refused : result;
}

}  // namespace gatehouse::http
