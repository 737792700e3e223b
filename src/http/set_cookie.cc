#include "http/set_cookie.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "base/strings.h"
#include "http/characters.h"
#include "http/cookies.h"
#include "http/field_grammar.h"
#include "http/host.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kMostPair = 4096;
constexpr std::size_t kMostAttribute = 1024;

bool is_visible(char c) { return c > ' ' && c < 0x7F; }

// av-octets, as browsers and proxies agree on them: no control characters, no spaces, ASCII. Some readers
// part the field at a comma, and some take quotes and escapes for their own.
bool is_path(std::string_view value) {
  const auto belongs = [](char c) { return is_visible(c) && c != ',' && c != '"' && c != '\\'; };
  return value.starts_with('/') && std::ranges::all_of(value, belongs);
}

// `Thu, 01 Jan 1970 00:00:00 GMT`, or with hyphens in the date.
std::optional<std::array<char, 29>> date_of(std::string_view value) {
  std::array<char, 29> date;
  if (value.size() != date.size()) return std::nullopt;
  std::ranges::copy(value, date.begin());
  constexpr std::size_t kBehindDay = 7;
  constexpr std::size_t kBehindMonth = 11;
  if (date[kBehindDay] == '-' && date[kBehindMonth] == '-') date[kBehindDay] = date[kBehindMonth] = ' ';
  std::string unused;
  if (keep(FieldGrammar::date, {date.data(), date.size()}, unused) != Kept::whole) return std::nullopt;
  return date;
}

// `-?[0-9]+`; a browser keeps no cookie for longer than 400 days, so that 10 digits are enough.
std::optional<std::int64_t> seconds_of(std::string_view value) {
  constexpr std::size_t kMostDigits = 10;
  const std::string_view digits = value.substr(value.starts_with('-') ? 1 : 0);
  std::int64_t seconds = 0;
  if (digits.empty() || digits.size() > kMostDigits || !all(digits, kDigit)) return std::nullopt;
  std::from_chars(value.data(), value.data() + value.size(), seconds);
  return seconds;
}

std::optional<std::string_view> domain_of(std::string_view value) {
  if (value.starts_with('.')) value.remove_prefix(1);  // is ignored (section 5.6.3)
  const auto host = parse_host_port(value);
  if (!host || host->host.size() != value.size()) return std::nullopt;  // a port, or an address in brackets
  return value;
}

SameSite same_site_of(std::string_view value) {
  if (equal_ignoring_case(value, "Strict")) return SameSite::strict;
  if (equal_ignoring_case(value, "Lax")) return SameSite::lax;
  if (equal_ignoring_case(value, "None")) return SameSite::none;
  return SameSite::unsaid;
}

enum class Attribute : std::uint8_t {
  domain,
  path,
  max_age,
  expires,
  same_site,
  secure,
  http_only,
  partitioned
};
constexpr std::array<std::string_view, 8> kAttributes = {"Domain",   "Path",   "Max-Age",  "Expires",
                                                         "SameSite", "Secure", "HttpOnly", "Partitioned"};

// False: the attribute cannot have this value.
bool set(SetCookie& cookie, Attribute attribute, std::string_view value) {
  switch (attribute) {
    case Attribute::domain:
      if (value.empty()) return true;  // as if it were not there (section 5.6.3)
      cookie.domain = domain_of(value);
      return cookie.domain.has_value();
    case Attribute::path:
      if (is_path(value)) cookie.path = value;
      return cookie.path.has_value();
    case Attribute::max_age: cookie.max_age = seconds_of(value); return cookie.max_age.has_value();
    case Attribute::expires: cookie.expires = date_of(value); return cookie.expires.has_value();
    case Attribute::same_site: cookie.same_site = same_site_of(value); return true;
    // Browsers look at the name alone.
    case Attribute::secure: cookie.secure = true; return true;
    case Attribute::http_only: cookie.http_only = true; return true;
    case Attribute::partitioned: cookie.partitioned = true; return true;
  }
  return false;
}

bool take_attributes(SetCookie& cookie, std::string_view rest) {
  unsigned seen = 0;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
    const auto equals = std::min(piece.find('='), piece.size());
    const std::string_view name = trimmed(piece.substr(0, equals));
    const std::string_view value = trimmed(piece.substr(std::min(equals + 1, piece.size())));
    if (value.size() > kMostAttribute) return false;
    for (std::size_t i = 0; i < kAttributes.size(); ++i) {
      if (!equal_ignoring_case(name, kAttributes[i])) continue;
      const unsigned bit = 1U << i;
      if ((seen & bit) != 0 || !set(cookie, static_cast<Attribute>(i), value)) return false;
      seen |= bit;
    }
  }
  return true;
}

// Section 4.1.3.2; browsers compare it without regard to case (section 5.7).
bool keeps_promise(const SetCookie& cookie) {
  constexpr std::string_view kHost = "__Host-";
  if (!equal_ignoring_case(cookie.name.substr(0, kHost.size()), kHost)) return true;
  return !cookie.domain && cookie.path == "/";
}

}  // namespace

std::string_view set_cookie_name(std::string_view field_value) {
  const std::string_view pair = field_value.substr(0, field_value.find(';'));
  const auto equals = pair.find('=');
  return equals == std::string_view::npos ? std::string_view() : trimmed(pair.substr(0, equals));
}

std::optional<SetCookie> parse_set_cookie(std::string_view field_value) {
  const std::string_view pair = field_value.substr(0, field_value.find(';'));
  if (pair.size() > kMostPair) return std::nullopt;
  CookieReader reader(pair);
  const auto read = reader.next();
  if (!read || (read->form != CookieForm::octets && read->form != CookieForm::quoted)) return std::nullopt;
  SetCookie cookie;
  cookie.name = read->name;
  cookie.value = pair.substr(read->name.size() + 1);
  const std::string_view rest = field_value.substr(std::min(pair.size() + 1, field_value.size()));
  if (!take_attributes(cookie, rest) || !keeps_promise(cookie)) return std::nullopt;
  return cookie;
}

void append_set_cookie(std::string& out, const SetCookie& cookie) {
  out.append(cookie.name).append("=").append(cookie.value);
  if (cookie.domain) out.append("; Domain=").append(*cookie.domain);
  if (cookie.path) out.append("; Path=").append(*cookie.path);
  if (cookie.max_age) out.append("; Max-Age=").append(std::to_string(*cookie.max_age));
  if (cookie.expires) out.append("; Expires=").append(cookie.expires->data(), cookie.expires->size());
  if (cookie.secure) out += "; Secure";
  if (cookie.http_only) out += "; HttpOnly";
  switch (cookie.same_site) {
    case SameSite::unsaid: break;
    case SameSite::strict: out += "; SameSite=Strict"; break;
    case SameSite::lax: out += "; SameSite=Lax"; break;
    case SameSite::none: out += "; SameSite=None"; break;
  }
  if (cookie.partitioned) out += "; Partitioned";
}

}  // namespace gatehouse::http
