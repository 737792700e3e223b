#include "http/cookies.h"

#include <algorithm>

#include "http/characters.h"

namespace gatehouse::http {
namespace {

// RFC 6265bis section 4.1.1 cookie-octet.
bool is_cookie_octet(char c) { return c > ' ' && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\'; }
bool are_cookie_octets(std::string_view text) { return std::ranges::all_of(text, is_cookie_octet); }

bool are_items(std::string_view text) {
  const auto comma = std::min(text.find(','), text.size());
  return !text.substr(comma).contains('=') &&
         std::ranges::all_of(text, [](char c) { return c == ',' || is_cookie_octet(c); });
}

}  // namespace

std::optional<Cookie> CookieReader::next() {
  if (ended_) return std::nullopt;
  const auto semicolon = rest_.find(';');
  std::string_view pair = rest_.substr(0, semicolon);
  ended_ = semicolon == std::string_view::npos;
  if (!ended_) rest_.remove_prefix(semicolon + 1);

  const bool apart = first_ || pair.starts_with(' ');
  if (!first_ && apart) pair.remove_prefix(1);
  first_ = false;
  const auto equals = pair.find('=');
  Cookie cookie;
  cookie.piece = pair;
  if (!apart || equals == std::string_view::npos || equals == 0) return cookie;
  if (!all(pair.substr(0, equals), kTokenCharacter)) return cookie;
  cookie.name = pair.substr(0, equals);
  cookie.value = pair.substr(equals + 1);
  const bool has_quotes =
      cookie.value.size() >= 2 && cookie.value.starts_with('"') && cookie.value.ends_with('"');
  if (are_cookie_octets(cookie.value)) {
    cookie.form = CookieForm::octets;
  } else if (has_quotes && are_cookie_octets(cookie.value.substr(1, cookie.value.size() - 2))) {
    cookie.form = CookieForm::quoted;
    cookie.value = cookie.value.substr(1, cookie.value.size() - 2);
  } else {
    cookie.form = are_items(cookie.value) ? CookieForm::items : CookieForm::odd;
  }
  return cookie;
}

bool append_agreed_value(std::string& out, std::string_view value) {
  const std::size_t before = out.size();
  const auto disputed = [&] {
    out.resize(before);
    return false;
  };
  bool has_comma = false;
  bool has_decoded_equals = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (c == '%') {
      const int high = value.size() - i > 2 ? hex_value(value[i + 1]) : -1;
      const int low = high >= 0 ? hex_value(value[i + 2]) : -1;
      if (low < 0) return disputed();
      c = static_cast<char>(high * 16 + low);
      i += 2;
      // A decoded comma would part items that were one.
      if (!is_cookie_octet(c)) return disputed();
      has_decoded_equals = has_decoded_equals || c == '=';
      if (c == '%') return disputed();
    }
    if (c == '+') return disputed();
    has_comma = has_comma || c == ',';
    out += c;
  }
  // `a=1,b%3D2`: decoded, a reader that parts cookies at commas finds `b`.
  return has_comma && has_decoded_equals ? disputed() : true;
}

CookieLookup find_cookie(std::string_view field_value, std::string_view name, std::string_view& value) {
  CookieReader reader(field_value);
  auto result = CookieLookup::absent;
  while (const auto cookie = reader.next()) {
    if (cookie->form != CookieForm::octets && cookie->form != CookieForm::quoted)
      return CookieLookup::refused;
    if (cookie->name != name) continue;
    if (result == CookieLookup::found) return CookieLookup::refused;
    result = CookieLookup::found;
    value = cookie->value;
  }
  return result;
}

}  // namespace gatehouse::http
