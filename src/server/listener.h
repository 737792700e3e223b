// The addresses that the server listens on, and the settings of the connections on each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/served_names.h"
#include "net/tls.h"
#include "policy/settings.h"

namespace gatehouse::server {

// The code that answers the requests of a listener.
enum class ListenerKind : std::uint8_t {
  gates,      // the policy's operations
  plaintext,  // a redirect or a refusal, and the alarm for a credential in the clear (plaintext.h)
  admin,      // health and metrics, before any gate and without an event (admin.h)
};
// Where the configuration says it, for events.
std::string_view key(ListenerKind kind);

// One listener under one configuration. A connection takes up a new one with its next request.
struct ListenerPolicy {
  ListenerKind kind = ListenerKind::gates;
  policy::SocketAddress at;                   // as long as the process runs
  std::shared_ptr<const net::ServerTls> tls;  // null: it speaks plain HTTP
  std::string fields;                         // header lines that all its answers have
  std::vector<std::string> names;             // hosts that a request may name the admin listener by
  std::uint32_t connections = 0;              // open at once
  std::uint32_t connections_per_address = 0;
  policy::ProxyProtocol proxy_protocol = policy::ProxyProtocol::off;
};

// Appends the page of `/metrics`.
using RenderMetrics = std::function<void(std::string& out)>;

// Made anew when the configuration or a certificate's file changes.
struct Listening {
  http::ServedNames names;                // of the listeners for clients
  std::vector<ListenerPolicy> listeners;  // in an order that lasts as long as the process
};

// Open at once on the admin listener: one that is exposed by mistake must not cost the clients' places.
inline constexpr std::uint32_t kMostAdminConnections = 64;

}  // namespace gatehouse::server
