// The journal: takes events from all workers and brings each to every sink, in order, by a thread of its own.
//
// A worker encodes an event into its own buffer under a lock that only the writer's swap of buffers ever
// contends for. The writer takes the buffers over every kGather, or at once when an event is to be durable.
//
// No event is ever dropped while the process runs. When sinks are slow or failing, buffers fill:
//   - above three quarters accepting() is false, and the server answers new requests with 503 without working
//   on
//     them (reason record_unavailable; that event is recorded too);
//   - a full buffer makes record() wait for the writer, which stops that worker: the last resort, counted in
//     `gatehouse_event_waits_total`.
// A sink that fails is tried again until it works; the others have the batch meanwhile. A batch with an event
// of a sensitive operation goes to the first sink that can keep it durably before it goes to the others; a
// coroutine that waits for that event hears at once whether it worked. When the process ends, a sink that
// still fails loses what is left, and on_problem says how much.
//
// In a server the event store is the one sink, and the sinks of `log:` are readers of it (sink_reader.h).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "audit/batch.h"
#include "audit/sink_reader.h"
#include "base/clock.h"
#include "base/units.h"
#include "core/audit_sink.h"
#include "net/loop.h"

namespace gatehouse::audit {

class EventCounts;

// The metrics of events (event_counts.h): each worker counts its own as it records them.
enum class Counts : std::uint8_t { none, of_events };

struct JournalOptions {
  ByteCount buffer = mebibytes(32);       // for each worker: a second of full load while a disk stands still
  ByteCount longest_head = kibibytes(8);  // of an original; more is cut
  ByteCount longest_body = kibibytes(32);
  Counts counts = Counts::none;
  // Called for a sink's failure, once for each run of failures. From the writer's thread.
  std::function<void(std::string_view)> on_problem = {};
};

class Journal {
 public:
  static constexpr std::chrono::milliseconds kGather{20};
  static constexpr std::chrono::seconds kTidy{5};
  static constexpr std::chrono::minutes kTellAgain{1};  // of a failure that lasts

  // `clock` must outlive the journal. At least one sink is given, because events without a sink are lost.
  // `readers` are woken when the sinks have something new, and read it from the store among them.
  Journal(std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock, JournalOptions options = {},
          std::vector<std::unique_ptr<SinkReader>> readers = {});
  // Writes the buffered events, and then waits for the readers. Its workers are destroyed before.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  class Worker;
  // One for each worker, used on its loop's thread. Must not outlive the journal. Null: there is no loop, and
  // record_durably() is not called.
  std::unique_ptr<Worker> worker(net::Loop* loop);

  // From any thread: sinks open their files again before the next batch.
  void reopen();
  // Returns when everything recorded before the call has been given to the sinks. Blocks.
  void flush();
  // Whether the store takes no events now: sensitive operations are refused at once. From any thread.
  bool failing() const { return failing_.load(std::memory_order_relaxed); }
  // Prometheus text: the counts of events, and how the journal, its sinks and readers do.
  void render(std::string& out) const;

 private:
  friend class Worker;
  struct Waiting;
  class Wait;
  struct Lane;  // one worker's buffer

  enum class Urgency : std::uint8_t { soon, now };
  void wake(Urgency urgency);
  bool accepts(const Lane& lane) const;
  void run();
  void write_lanes();
  std::size_t deliver(Lane& lane);  // bytes of lines
  // The sink that keeps the batch's sensitive events; null where none can.
  Sink* keeper() const;
  // Once. `otherwise`: the consequence of a failure, for its report.
  Result<> attempt(Sink& sink, const Batch& batch, Durable durable, std::string_view otherwise);
  // Until it works, or the process ends.
  bool write_with_retry(Sink& sink, const Batch& batch, Durable durable);
  void report(const Sink& sink, const Error& error, std::string_view consequence);
  void tell(Lane& lane, const Result<>& result);
  void tidy();

  const std::vector<std::unique_ptr<Sink>> sinks_;
  const std::vector<std::unique_ptr<SinkReader>> readers_;
  const Clock& clock_;
  const JournalOptions options_;
  const bool can_be_durable_;

  mutable std::mutex mutex_;  // the lanes' list, and the writer's condition
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::unique_ptr<EventCounts> counts_of_left_;  // of lanes that are gone; null with Counts::none
  bool stop_ = false;
  bool reopen_ = false;
  bool urgent_ = false;
  std::uint64_t rounds_asked_ = 0;
  std::uint64_t rounds_done_ = 0;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> failing_{false};

  std::atomic<std::uint64_t> waits_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint64_t> written_{0};
  std::thread thread_;
};

class Journal::Worker final : public AuditSink {
 public:
  ~Worker() override;
  void record(const Event& event) override;
  // `denied` where no sink can keep an event durably, `unavailable` while the store fails, and then nothing
  // is recorded; else as AuditSink says.
  net::Task<Result<>> record_durably(const Event& event, MonotonicTime deadline) override;
  void keep_original(std::string_view request_id, unsigned status, std::string_view head,
                     std::string_view body, std::span<const std::string_view> credentials = {}) override;
  bool accepting() const override;

 private:
  friend class Journal;
  Worker(Journal& journal, net::Loop* loop, std::shared_ptr<Lane> lane)
      : journal_(journal), loop_(loop), lane_(std::move(lane)) {}
  // `waiting`, if there is one, is notified when the event is durable.
  void append(const Event& event, std::shared_ptr<Waiting> waiting);

  Journal& journal_;
  net::Loop* const loop_;
  std::shared_ptr<Lane> lane_;
};

}  // namespace gatehouse::audit
