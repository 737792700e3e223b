#include <benchmark/benchmark.h>

#include "audit/event_testing.h"
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
  const Event event = sample_event();
  for (auto _ : bench) worker->record(event);
}
BENCHMARK(RecordToAFile);

}  // namespace
}  // namespace gatehouse::audit
