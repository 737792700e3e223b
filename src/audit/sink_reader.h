// A sink of `log:` as a reader of the log: on a thread of its own it reads the events after its cursor from
// the event store, and writes them to the sink. A stalled one (a pipe without a reader, a full disk, a
// hanging file system) blocks neither the journal nor the other sinks, and takes no memory: its events wait
// in the store, also after the end of the process. Events that the store has to delete because of its size
// are counted and reported.
//
// At least once: the position is stored kKeep after the sink has taken lines, when those are on its disk. A
// killed process repeats the lines since; one that ends in order repeats nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "audit/batch.h"
#include "base/units.h"

namespace gatehouse::audit {

class EventCursor;

struct SinkReaderOptions {
  ByteCount piece = kibibytes(512);  // of lines that are read, and written, at once
  std::chrono::milliseconds stall =
      std::chrono::seconds(10);  // without progress: reported, and shown in the metrics
  std::chrono::milliseconds at_end = std::chrono::seconds(5);  // for the backlog at the end of the process
  // Both from any thread.
  std::function<void(std::string_view)> on_problem = {};
  // Events that the log no longer has are left out of the sink. At most once in kKeep.
  std::function<void(std::string_view sink, std::uint64_t events)> on_loss = {};
};

// Metrics: gatehouse_event_sink_pending_bytes, gatehouse_event_sink_stalled and
// gatehouse_event_sink_lost_total, by sink.
class SinkReader {
 public:
  static constexpr std::chrono::seconds kKeep{1};

  // The sink gets batches with lines and without facts.
  SinkReader(std::unique_ptr<Sink> sink, std::unique_ptr<EventCursor> cursor, SinkReaderOptions options);
  // Writes the stored events to the sink and stores the position, unless the sink fails or is stalled.
  ~SinkReader();
  SinkReader(const SinkReader&) = delete;
  SinkReader& operator=(const SinkReader&) = delete;

  std::string_view name() const { return name_; }
  // From any thread; none waits for the sink.
  void wake(std::size_t bytes);  // so many more are in the store
  void reopen();
  void tidy(WallTime now);  // every few seconds: also reads events of other processes
  SinkState state() const;

 private:
  struct Work;  // beside the reader: a thread that hangs in a write outlives it

  const std::string name_;
  const std::shared_ptr<Work> work_;
  std::thread thread_;
};

}  // namespace gatehouse::audit
