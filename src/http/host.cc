#include "http/host.h"

#include "base/ip.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

bool parse_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text.size() > 5 || text.front() == '0') return false;
  unsigned value = 0;
  for (const char c : text) {
    if (!is(c, kDigit)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 65535) return false;
  port = static_cast<std::uint16_t>(value);
  return true;
}

// Where the last label is a number, URL readers take the whole for an IPv4 address, some of them `0x7f.1` and
// `127.1` too: there it must be one in its usual form.
bool is_registered_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  std::string_view last;
  for (std::size_t i = 0; i <= host.size(); ++i) {
    if (i == host.size() || host[i] == '.') {
      const bool root_dot = i == host.size() && label == i && i > 0;
      if (i - label > 63 || (i == label && !root_dot)) return false;
      if (i > label) last = host.substr(label, i - label);
      label = i + 1;
    } else if (!is(host[i], kHostCharacter)) {
      return false;
    }
  }
  const bool hexadecimal = last.size() >= 2 && last[0] == '0' && (last[1] | 0x20) == 'x';
  if (!all(last, kDigit) && !(hexadecimal && all(last.substr(2), kHexDigit))) return true;
  return IpAddress::parse(host).has_value();
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
  HostPort result;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    result.host = text.substr(1, close - 1);
    if (result.host.find(':') == std::string_view::npos || !IpAddress::parse(result.host))
      return std::nullopt;
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
  } else {
    const auto colon = text.find(':');
    result.host = text.substr(0, colon);
    if (!is_registered_name(result.host)) return std::nullopt;
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (!rest.empty() && !parse_port(rest.substr(1), result.port)) return std::nullopt;
  return result;
}

}  // namespace gatehouse::http
