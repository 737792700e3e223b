#include "server/health.h"

#include <fmt/format.h>

#include "gate/respond.h"

namespace gatehouse::server {

bool asks_for_health(const policy::Listen& listen, const http::RequestHead& head) {
  const bool reads = head.method == http::Method::get || head.method == http::Method::head;
  return reads && !listen.health.value.empty() && head.target == listen.health.value &&
         head.body.kind == http::BodyKind::none;
}

void record_health(Worker& worker, const gate::Exchange& exchange, const gate::Ending& ending) {
  const MonotonicTime now = worker.shared().clock.monotonic();
  const auto asked = worker.shared().health.count(now);
  if (!asked) return;
  Event event = worker.events().build(exchange, ending, now);
  const std::string detail = fmt::format("{} of these since the last event", *asked);
  event.name = "health";
  event.detail = detail;
  worker.audit().record(event);
}

}  // namespace gatehouse::server
