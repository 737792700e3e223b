#include <benchmark/benchmark.h>

#include "audit/event_counts.h"
#include "audit/event_testing.h"

namespace gatehouse::audit {
namespace {

// What a worker pays for an event.
void OneCountedEvent(benchmark::State& bench) {
  const Event event = sample_event();
  EventCounts counts;
  for (auto _ : bench) counts.count(event);
}
BENCHMARK(OneCountedEvent);

}  // namespace
}  // namespace gatehouse::audit
