#include "app/restart.h"

#include <algorithm>

namespace gatehouse::app {
namespace {

bool same(const std::optional<policy::SocketAddress>& a, const std::optional<policy::SocketAddress>& b) {
  return a.has_value() == b.has_value() && (!a || (a->address == b->address && a->port == b->port));
}

bool same(const policy::LogSettings& a, const policy::LogSettings& b) {
  return a.kind == b.kind && a.file == b.file && a.rotate == b.rotate && a.keep == b.keep;
}

}  // namespace

std::vector<std::string_view> changed_until_restart(const policy::Settings& running,
                                                    const policy::Settings& wanted) {
  std::vector<std::string_view> changed;
  const auto hold = [&](std::string_view key, bool is_same) {
    if (!is_same) changed.push_back(key);
  };
  hold("listen.https", same(running.listen.https, wanted.listen.https));
  hold("listen.http.address", same(running.listen.http, wanted.listen.http));
  hold("listen.admin", same(running.listen.admin, wanted.listen.admin));
  hold("store", running.store == wanted.store);
  hold("key_pepper", running.pepper_file.value == wanted.pepper_file.value);
  hold("assertion_key", running.assertion_key.value == wanted.assertion_key.value);
  hold("log",
       std::ranges::equal(running.log, wanted.log, [](const auto& a, const auto& b) { return same(a, b); }));
  hold("keep_events", running.keep_events == wanted.keep_events);
  hold("keep_size", running.keep_size == wanted.keep_size);
  hold("workers", running.workers == wanted.workers);
  return changed;
}

}  // namespace gatehouse::app
