// The authority in Host and in URLs: `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::http {

struct HostPort {
  std::string_view host;   // an IPv6 address without its brackets
  std::uint16_t port = 0;  // 0: not written
};

// Narrower than the grammar: a host is an IPv4 address, an IPv6 address in brackets, or dot-separated labels
// of letters, digits, `-` and `_` of at most 253 bytes (no percent-encoding, no sub-delims, no empty label
// but a final root dot); a port is 1 to 65535 without leading zeros. User information is refused. Compare
// hosts with equal_ignoring_case.
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace gatehouse::http
