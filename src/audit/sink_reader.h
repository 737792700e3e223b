// A sink of `log:` as a reader of the log: on a thread of its own it takes from the event store what its
// cursor has not had, and brings it to the sink. One that stands still (a pipe that nobody reads, a disk that
// is full, a file system that hangs) holds up neither the journal nor the sinks beside it, and takes no
// memory: what waits for it waits in the store, also over the end of the process, and events that the store
// has to let go because of its size are counted and reported.
//
// At least once: the place is kept kKeep after the sink has taken lines, when those are on its disk. A
// process that is killed repeats what came since; one that ends in order repeats nothing.
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
      std::chrono::seconds(10);  // without progress: told, and shown in the metrics
  std::chrono::milliseconds at_end = std::chrono::seconds(5);  // for what waits when the process ends
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
  // Brings what is in the store to the sink and keeps the place, unless the sink fails or stands still.
  ~SinkReader();
  SinkReader(const SinkReader&) = delete;
  SinkReader& operator=(const SinkReader&) = delete;

  std::string_view name() const { return name_; }
  // From any thread; none waits for the sink.
  void wake(std::size_t bytes);  // so many more are in the store
  void reopen();
  void tidy(WallTime now);  // every few seconds: looks for what other processes have written, too
  SinkState state() const;

 private:
  struct Work;  // beside the reader: a thread that hangs in a write outlives it

  const std::string name_;
  const std::shared_ptr<Work> work_;
  std::thread thread_;
};

}  // namespace gatehouse::audit
