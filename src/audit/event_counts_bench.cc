#include <string>

#include <benchmark/benchmark.h>

#include "audit/encoder.h"
#include "audit/event_counts.h"

namespace gatehouse::audit {
namespace {

// What the reader of the log that counts pays for an event.
void OneCountedEvent(benchmark::State& bench) {
  const Attribute resource[] = {{"id", "42"}};
  Event event;
  event.time = WallTime{std::chrono::seconds{1'760'000'000}};
  event.request_id = "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11";
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.client = *IpAddress::parse("203.0.113.9");
  event.method = "GET";
  event.route = "/orders/{id}";
  event.operation = "getOrder";
  event.resource = resource;
  event.user_id = "partner:acme";
  event.scheme = "partnerKey";
  event.outcome = Outcome::allowed;
  event.status = 200;
  event.duration = std::chrono::microseconds{412};
  constexpr int kLines = 100;
  std::string lines;
  for (int i = 0; i < kLines; ++i) append_event(lines, event);
  EventCounts counts;
  for (auto _ : bench) counts.count(lines);
  bench.SetItemsProcessed(bench.iterations() * kLines);
}
BENCHMARK(OneCountedEvent);

}  // namespace
}  // namespace gatehouse::audit
