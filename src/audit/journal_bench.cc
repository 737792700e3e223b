#include <benchmark/benchmark.h>

#include "audit/file_sink.h"
#include "audit/journal.h"

namespace gatehouse::audit {
namespace {

// A worker's cost for an event, with a writer that takes the buffers meanwhile; without the disk.
void RecordToAFile(benchmark::State& bench) {
  SystemClock clock;
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(*file_sink({.path = "/dev/null"}));
  Journal journal(std::move(sinks), clock);
  auto worker = journal.worker(nullptr);
  const Attribute resource[] = {{"id", "42"}};
  Event event;
  event.time = WallTime{std::chrono::seconds{1'760'000'000}};
  event.request_id = "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11";
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
  for (auto _ : bench) worker->record(event);
}
BENCHMARK(RecordToAFile);

}  // namespace
}  // namespace gatehouse::audit
