// The PROXY protocol, version 2 (HAProxy's specification, section 2.2), from trusted peers only. Version 1 is
// refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip.h"
#include "http/malformed.h"

namespace gatehouse::http {

struct ProxyEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
};

struct ProxyHeader {
  // Nothing for LOCAL (the proxy's own health checks) and for families that have no address: the socket's own
  // addresses stand.
  std::optional<ProxyEndpoint> source;
  std::optional<ProxyEndpoint> destination;
  std::size_t size = 0;  // how many bytes it took
};

inline constexpr std::size_t kProxyHeaderLimit = 16 + 1024;

// `malformed`: not version 2, an unknown command, lengths that do not add up, a datagram or UNIX family, a
// CRC32C that is wrong, or more than kProxyHeaderLimit bytes. The connection is dropped without an answer.
Progress parse_proxy_header(std::string_view buffer, ProxyHeader& header);

}  // namespace gatehouse::http
