#include "audit/journal.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "audit/encoder.h"
#include "audit/event_counts.h"
#include "audit/metrics.h"

namespace gatehouse::audit {

namespace {

constexpr std::chrono::milliseconds kFirstRetry{50};
constexpr std::chrono::milliseconds kLongestRetry{2000};
constexpr int kTriesAtTheEnd = 3;
// A buffer of this size is written without waiting for more.
constexpr std::size_t kWorthWriting = std::size_t{512} << 10U;

// The text without the credentials, up to `most`. All of it is searched before it is cut, so that no
// beginning of a credential is left, although the search may shorten the text before it.
std::string clean_and_cut(std::string_view text, ByteCount most,
                          std::span<const std::string_view> credentials) {
  std::string clean(text);
  scrub(clean, credentials);
  if (clean.size() > most.bytes) clean.resize(most.bytes);
  return clean;
}

}  // namespace

// A coroutine that waits for its event to be durable. Both members are the loop thread's.
struct Journal::Waiting {
  std::coroutine_handle<> waiting;  // null: not yet, or not any more
  std::optional<Result<>> result;
};

class Journal::Wait final : private net::Timer {
 public:
  Wait(net::Loop& loop, std::shared_ptr<Waiting> shared, MonotonicTime deadline)
      : net::Timer(loop.timers()), shared_(std::move(shared)) {
    arm(deadline);
  }
  ~Wait() override { shared_->waiting = nullptr; }
  bool await_ready() const noexcept { return shared_->result.has_value(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { shared_->waiting = waiting; }
  Result<> await_resume() { return *std::move(shared_->result); }

 private:
  void expired() override {
    if (!shared_->waiting) return;
    shared_->result = failure(ErrorCode::timeout, "no sink kept the event durably in time");
    std::exchange(shared_->waiting, nullptr).resume();
  }

  std::shared_ptr<Waiting> shared_;
};

struct Journal::Lane {
  mutable std::mutex mutex;
  std::condition_variable room;
  Batch batch;
  std::vector<std::shared_ptr<Waiting>> waiting;
  std::shared_ptr<net::Mailbox> mailbox;
  std::unique_ptr<EventCounts> counts;  // null with Counts::none
  bool left = false;                    // the worker is gone; so is the lane when it is empty
  std::atomic<std::size_t> pending{0};  // bytes not yet with the sinks, those in the writer's hands included

  // The writer's own buffer. Swapped back empty, so that its memory is reused.
  Batch taken;
  std::vector<std::shared_ptr<Waiting>> taken_waiting;
};

// ---- the workers' side ----

Journal::Worker::~Worker() {
  // The lane stays with the journal until it is empty; the loop that coroutines waited on is going.
  const std::lock_guard lock(lane_->mutex);
  lane_->mailbox = nullptr;
  lane_->left = true;
}

bool Journal::Worker::accepting() const { return journal_.accepts(*lane_); }

bool Journal::accepts(const Lane& lane) const {
  return lane.pending.load(std::memory_order_relaxed) < options_.buffer.bytes / 4 * 3;
}

void Journal::Worker::record(const Event& event) { append(event, nullptr); }

net::Task<Result<>> Journal::Worker::record_durably(const Event& event, MonotonicTime deadline) {
  if (!journal_.can_be_durable_) {
    co_return failure(ErrorCode::denied, "no sink keeps events durably: name a store or a file");
  }
  if (journal_.failing())
    co_return failure(ErrorCode::unavailable, "the store takes no events since its last failure");
  auto shared = std::make_shared<Waiting>();
  append(event, shared);
  Wait wait(*loop_, std::move(shared), deadline);
  auto result = co_await wait;
  co_return result;
}

void Journal::Worker::append(const Event& event, std::shared_ptr<Waiting> waiting) {
  LineFacts facts;
  facts.time = event.time;
  facts.id_size = static_cast<std::uint8_t>(std::min(event.request_id.size(), facts.id.size()));
  std::copy_n(event.request_id.begin(), facts.id_size, facts.id.begin());
  Lane& lane = *lane_;
  std::unique_lock lock(lane.mutex);
  const auto full = [&] {
    return lane.pending.load(std::memory_order_relaxed) >= journal_.options_.buffer.bytes;
  };
  if (full()) [[unlikely]] {
    journal_.waits_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();  // the journal's lock comes before a lane's
    journal_.wake(Urgency::now);
    lock.lock();
    lane.room.wait(lock, [&] { return !full(); });
  }
  const bool first = lane.batch.empty();
  const std::size_t before = lane.batch.lines.size();
  append_event(lane.batch.lines, event);
  if (lane.counts) lane.counts->count(event);
  const std::size_t size = lane.batch.lines.size() - before;
  facts.offset = static_cast<std::uint32_t>(before);
  facts.size = static_cast<std::uint32_t>(size);
  lane.batch.facts.push_back(facts);
  lane.pending.fetch_add(size, std::memory_order_relaxed);
  if (waiting != nullptr || !event.sensitive.empty()) lane.batch.durable = Durable::now;
  const bool now = waiting != nullptr || (before < kWorthWriting && before + size >= kWorthWriting);
  // Under the same lock: a batch with the event has its waiter, and is flushed.
  if (waiting) lane.waiting.push_back(std::move(waiting));
  lock.unlock();
  if (now) {
    journal_.wake(Urgency::now);
  } else if (first) {
    journal_.wake(Urgency::soon);
  }
}

void Journal::Worker::keep_original(std::string_view request_id, unsigned status, std::string_view head,
                                    std::string_view body, std::span<const std::string_view> credentials) {
  Lane& lane = *lane_;
  // The second half of the buffer is for events: they must be recorded, while an upstream's original may be
  // dropped.
  if (lane.pending.load(std::memory_order_relaxed) >= journal_.options_.buffer.bytes / 2) return;
  Original original;
  original.request_id = request_id.substr(0, 36);
  original.time = journal_.clock_.wall();
  original.status = status;
  original.head = clean_and_cut(head, journal_.options_.longest_head, credentials);
  original.body = clean_and_cut(body, journal_.options_.longest_body, credentials);
  {
    const std::lock_guard lock(lane.mutex);
    const std::size_t size = original.head.size() + original.body.size() + sizeof original;
    lane.batch.original_bytes += size;
    lane.batch.originals.push_back(std::move(original));
    lane.pending.fetch_add(size, std::memory_order_relaxed);
  }
  journal_.wake(Urgency::soon);
}

// ---- the writer's side ----

Journal::Journal(std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock, JournalOptions options,
                 std::vector<std::unique_ptr<SinkReader>> readers)
    : sinks_(std::move(sinks)),
      readers_(std::move(readers)),
      clock_(clock),
      options_(std::move(options)),
      can_be_durable_(keeper() != nullptr),
      counts_of_left_(options_.counts == Counts::of_events ? std::make_unique<EventCounts>() : nullptr),
      thread_([this] { run(); }) {}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::unique_ptr<Journal::Worker> Journal::worker(net::Loop* loop) {
  auto lane = std::make_shared<Lane>();
  if (loop != nullptr) lane->mailbox = loop->mailbox();
  if (counts_of_left_) lane->counts = std::make_unique<EventCounts>();
  {
    const std::lock_guard lock(mutex_);
    lanes_.push_back(lane);
  }
  return std::unique_ptr<Worker>(new Worker(*this, loop, std::move(lane)));
}

void Journal::wake(Urgency urgency) {
  // Most events find that the writer knows already.
  if (urgency == Urgency::soon && wanted_.exchange(true, std::memory_order_acq_rel)) return;
  {
    const std::lock_guard lock(mutex_);
    wanted_.store(true, std::memory_order_release);
    if (urgency == Urgency::now) urgent_ = true;
  }
  changed_.notify_all();
}

void Journal::reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
    urgent_ = true;
  }
  changed_.notify_all();
}

void Journal::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t round = ++rounds_asked_;
  urgent_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return rounds_done_ >= round; });
}

void Journal::run() {
  // A sink may be a pipe whose reader has gone: an error to report, not the end.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  MonotonicTime tidied = clock_.monotonic();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, kTidy,
                      [&] { return stop_ || urgent_ || wanted_.load(std::memory_order_acquire); });
    if (!urgent_ && !stop_) changed_.wait_for(lock, kGather, [&] { return stop_ || urgent_; });
    const bool stopping = stop_;
    const bool reopening = std::exchange(reopen_, false);
    const std::uint64_t round = rounds_asked_;
    urgent_ = false;
    wanted_.store(false, std::memory_order_release);
    lock.unlock();
    if (reopening) {
      for (const auto& sink : sinks_) static_cast<void>(sink->reopen());  // a failure shows at the next write
      for (const auto& reader : readers_) reader->reopen();
    }
    write_lanes();
    if (clock_.monotonic() - tidied >= kTidy) {
      tidy();
      tidied = clock_.monotonic();
    }
    lock.lock();
    rounds_done_ = std::max(rounds_done_, round);
    changed_.notify_all();
    if (stopping) return;
  }
}

void Journal::write_lanes() {
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const std::lock_guard lock(mutex_);
    lanes = lanes_;
  }
  std::size_t bytes = 0;
  for (const auto& lane : lanes) {
    bytes += deliver(*lane);
    const std::lock_guard lock(mutex_);
    const std::lock_guard lane_lock(lane->mutex);
    if (!lane->left || !lane->batch.empty() || !lane->waiting.empty()) continue;
    if (counts_of_left_) counts_of_left_->add(*lane->counts);
    std::erase(lanes_, lane);
  }
  if (bytes == 0) return;
  for (const auto& reader : readers_) reader->wake(bytes);
}

std::size_t Journal::deliver(Lane& lane) {
  {
    const std::lock_guard lock(lane.mutex);
    std::swap(lane.batch, lane.taken);
    std::swap(lane.waiting, lane.taken_waiting);
  }
  if (lane.taken.empty() && lane.taken_waiting.empty()) return 0;
  const std::size_t bytes = lane.taken.bytes();
  const std::size_t lines = lane.taken.lines.size();
  // First the sink that others wait for.
  Sink* const first = lane.taken.durable == Durable::now ? keeper() : nullptr;
  std::vector<Sink*> failing;
  if (first != nullptr) {
    const Result<> kept =
        attempt(*first, lane.taken, Durable::now, "sensitive operations are refused; retrying");
    tell(lane, kept);
    if (!kept) failing.push_back(first);
  }
  for (const auto& sink : sinks_) {
    if (sink.get() == first) continue;
    if (!attempt(*sink, lane.taken, Durable::later, "retrying")) failing.push_back(sink.get());
  }
  bool everywhere = true;
  for (Sink* const sink : failing) {
    failing_.store(true, std::memory_order_relaxed);
    everywhere =
        write_with_retry(*sink, lane.taken, sink == first ? Durable::now : Durable::later) && everywhere;
  }
  failing_.store(false, std::memory_order_relaxed);
  (everywhere ? written_ : lost_).fetch_add(lane.taken.facts.size(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(lane.mutex);
    lane.pending.fetch_sub(bytes, std::memory_order_relaxed);
  }
  lane.taken.clear();
  lane.room.notify_all();
  return lines;
}

Sink* Journal::keeper() const {
  const auto found = std::ranges::find_if(sinks_, [](const auto& sink) { return sink->can_be_durable(); });
  return found == sinks_.end() ? nullptr : found->get();
}

Result<> Journal::attempt(Sink& sink, const Batch& batch, Durable durable, std::string_view otherwise) {
  Result<> written = sink.write(batch, durable);
  if (!written) report(sink, written.error(), otherwise);
  return written;
}

bool Journal::write_with_retry(Sink& sink, const Batch& batch, Durable durable) {
  auto pause = kFirstRetry;
  MonotonicTime told = clock_.monotonic();
  for (int tries = 2;; ++tries) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [&] { return stop_; });
    const bool last = stop_ && tries >= kTriesAtTheEnd;
    lock.unlock();
    pause = std::min(pause * 2, kLongestRetry);
    if (last) {
      return attempt(sink, batch, durable, fmt::format("{} events are lost", batch.facts.size())).has_value();
    }
    const Result<> written = sink.write(batch, durable);
    if (written) {
      if (options_.on_problem) options_.on_problem(fmt::format("{}: it takes events again", sink.name()));
      return true;
    }
    if (clock_.monotonic() - told >= kTellAgain) {
      told = clock_.monotonic();
      report(sink, written.error(), "sensitive operations are refused; retrying");
    } else {
      failures_.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void Journal::report(const Sink& sink, const Error& error, std::string_view consequence) {
  failures_.fetch_add(1, std::memory_order_relaxed);
  if (options_.on_problem)
    options_.on_problem(fmt::format("{}: {}; {}", sink.name(), error.text, consequence));
}

void Journal::tell(Lane& lane, const Result<>& result) {
  if (lane.taken_waiting.empty()) return;
  std::shared_ptr<net::Mailbox> mailbox;
  {
    const std::lock_guard lock(lane.mutex);
    mailbox = lane.mailbox;
  }
  if (mailbox) {
    mailbox->post([waiting = std::move(lane.taken_waiting), result] {
      for (const auto& one : waiting) {
        if (one->result) continue;  // its deadline has passed
        one->result = result;
        if (one->waiting) std::exchange(one->waiting, nullptr).resume();
      }
    });
  }
  lane.taken_waiting.clear();
}

void Journal::tidy() {
  for (const auto& sink : sinks_) {
    if (auto tidied = sink->tidy(clock_.wall()); !tidied && options_.on_problem) {
      options_.on_problem(fmt::format("{}: {}", sink->name(), tidied.error().text));
    }
  }
  for (const auto& reader : readers_) reader->tidy(clock_.wall());
}

void Journal::render(std::string& out) const {
  double pending = 0;
  bool accepting = true;
  EventCounts counts;
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const std::lock_guard lock(mutex_);
    if (counts_of_left_) counts.add(*counts_of_left_);
    lanes = lanes_;  // one that is left from here on is not among the others
  }
  for (const auto& lane : lanes) {
    pending += static_cast<double>(lane->pending.load(std::memory_order_relaxed));
    accepting = accepting && accepts(*lane);
    if (!lane->counts) continue;
    const std::lock_guard lock(lane->mutex);
    counts.add(*lane->counts);
  }
  if (counts_of_left_) counts.render(out);
  const auto value = [](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load(std::memory_order_relaxed));
  };
  const Sample samples[] = {
      {"gatehouse_events_accepted",
       "0 while new requests are refused (record_unavailable) because the store takes no events, else 1.",
       MetricType::gauge, accepting ? 1.0 : 0.0},
      {"gatehouse_events_pending_bytes", "Events that are not yet in the store.", MetricType::gauge, pending},
      {"gatehouse_events_written_total", "Events that are in the store.", MetricType::counter,
       value(written_)},
      {"gatehouse_event_sink_failures_total", "Attempts of the store to write that failed.",
       MetricType::counter, value(failures_)},
      {"gatehouse_event_waits_total", "Times a worker waited because its buffer was full.",
       MetricType::counter, value(waits_)},
      {"gatehouse_events_lost_total",
       "Events that the store lacks because it failed until the process ended.", MetricType::counter,
       value(lost_)},
  };
  audit::render(out, std::span<const Sample>(samples));
  std::vector<SinkSample> sinks;
  for (const auto& sink : sinks_) sinks.push_back({sink->name(), sink->state()});
  for (const auto& reader : readers_) sinks.push_back({reader->name(), reader->state()});
  audit::render(out, std::span<const SinkSample>(sinks));
}

}  // namespace gatehouse::audit
