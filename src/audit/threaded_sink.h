// A sink on a thread of its own. One that stands still (a pipe that nobody reads, a disk that is full, a file
// system that hangs) then holds up neither the journal nor the sinks beside it: what waits for it is bounded,
// and what is beyond the bound is left out of it, counted, and told to the operator. The store still has it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "audit/batch.h"
#include "base/units.h"

namespace gatehouse::audit {

struct ThreadedSinkOptions {
  ByteCount most = mebibytes(32);  // of lines that wait
  std::chrono::milliseconds stall =
      std::chrono::seconds(10);  // without progress: told, and shown in the metrics
  std::chrono::milliseconds at_end = std::chrono::seconds(5);  // for what waits when the process ends
  // From any thread.
  std::function<void(std::string_view)> on_problem = {};
};

// Never durable: write() returns before the line is anywhere. Metrics: gatehouse_event_sink_pending_bytes,
// gatehouse_event_sink_stalled and gatehouse_event_sink_lost_total, by sink.
std::unique_ptr<Sink> threaded_sink(std::unique_ptr<Sink> sink, ThreadedSinkOptions options);

}  // namespace gatehouse::audit
