#include <string>

#include <benchmark/benchmark.h>

#include "audit/encoder.h"
#include "audit/event_counts.h"
#include "audit/event_testing.h"

namespace gatehouse::audit {
namespace {

// What the reader of the log that counts pays for an event.
void OneCountedEvent(benchmark::State& bench) {
  const Event event = sample_event();
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
