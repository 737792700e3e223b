#include "http/uri.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "http/characters.h"
#include "http/host.h"
#include "http/target.h"

namespace gatehouse::http {
namespace {

constexpr std::uint16_t default_port(Scheme scheme) { return scheme == Scheme::https ? 443 : 80; }

bool is_url_character(char c) { return is(c, kTargetCharacter) && c != '[' && c != ']' && c != '|'; }

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!equal_ignoring_case(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string Url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string text = v6 ? '[' + host + ']' : host;
  if (port != default_port(scheme)) text += ':' + std::to_string(port);
  return text;
}

std::string Url::origin() const { return (scheme == Scheme::https ? "https://" : "http://") + authority(); }

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  if (take_prefix(text, "https://")) {
    url.scheme = Scheme::https;
  } else if (take_prefix(text, "http://")) {
    url.scheme = Scheme::http;
  } else {
    return std::nullopt;
  }
  const auto end = text.find_first_of("/?#");
  const auto authority = parse_host_port(text.substr(0, end));
  if (!authority) return std::nullopt;
  url.host.resize(authority->host.size());
  std::transform(authority->host.begin(), authority->host.end(), url.host.begin(), ascii_lower);
  url.port = authority->port != 0 ? authority->port : default_port(url.scheme);

  const auto rest = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  if (!std::all_of(rest.begin(), rest.end(), is_url_character)) return std::nullopt;
  const auto question = rest.find('?');
  url.path = rest.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = rest.substr(question + 1);
  if (wrong_in_path(url.path) || wrong_in_query(url.query)) return std::nullopt;
  return url;
}

bool percent_decoded(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

void append_normalized(std::string& out, std::string_view text) {
  for (std::size_t at = 0; (at = text.find('%')) != std::string_view::npos; text.remove_prefix(at + 3)) {
    out += text.substr(0, at);
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    const char c = static_cast<char>(high * 16 + low);
    if (is(c, kUnreserved)) {
      out += c;
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      out += {'%', kDigits[high], kDigits[low]};
    }
  }
  out += text;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  if (!percent_decoded(text, out)) return std::nullopt;
  return out;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is(c, kUnreserved)) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<std::uint8_t>(c) >> 4U];
      out += kHex[static_cast<std::uint8_t>(c) & 15U];
    }
  }
  return out;
}

}  // namespace gatehouse::http
