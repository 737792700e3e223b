#include "app/restart.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace gatehouse::app {
namespace {

std::string text(const std::optional<policy::SocketAddress>& at) {
  return at ? fmt::format("{} {}", at->address.text(), at->port) : std::string();
}

using HeldSetting = std::pair<std::string_view, std::string>;  // its key, and its value as a text

// Taken apart, so that a setting that is added does not compile before it is decided here whether a reload
// may change it.
std::vector<HeldSetting> held_until_restart(const policy::Settings& settings) {
  const auto& [directory, source, openapi, overlays, threat_model, listen, deadlines, tls, store, store_place,
               database, database_place, pepper_file, trusted_proxies, admittance, maintenance, tracing,
               upstreams, authenticators, same_schemes, excluded_schemes, security_schemes, roles, limits,
               defaults, routing, fields, operations, log, keep_events, keep_size, details, accepted,
               memory_bodies, memory_place, security_txt, workers, unread, assertion_key] = settings;
  const auto& [https, http, http_answer, names, health, admin, admin_access, proxy_protocol, connections,
               place, connections_per_address, head, shared, drain] = listen;
  std::string sinks;
  for (const policy::LogSettings& sink : log)
    sinks.append(std::visit([](const auto& one) { return one.text(); }, sink)).append("\n");
  return {
      {"listen.https", text(https)},
      {"listen.http.address", text(http)},
      {"listen.admin", text(admin)},
      {"store", store},
      {"key_pepper", pepper_file.value},
      {"assertion_key", assertion_key.value},
      {"log", std::move(sinks)},
      {"keep_events", fmt::format("{}", keep_events.count())},
      {"keep_size", fmt::format("{}", keep_size.bytes)},
      {"workers", fmt::format("{}", workers)},
  };
}

}  // namespace

std::vector<std::string_view> changed_until_restart(const policy::Settings& running,
                                                    const policy::Settings& wanted) {
  const std::vector<HeldSetting> now = held_until_restart(running);
  const std::vector<HeldSetting> then = held_until_restart(wanted);
  std::vector<std::string_view> changed;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].second != then[i].second) changed.push_back(now[i].first);
  }
  return changed;
}

}  // namespace gatehouse::app
