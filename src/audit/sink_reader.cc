#include "audit/sink_reader.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "audit/event_cursor.h"

namespace gatehouse::audit {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kShortestPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};
// Where the log had so much at once, its reader lets more come together before it looks again: a look costs
// as much as the events of some milliseconds.
constexpr std::size_t kMuch = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds kGatherMuch{100};

}  // namespace

struct SinkReader::Work {
  Work(std::unique_ptr<Sink> to, std::unique_ptr<EventCursor> from, SinkReaderOptions with)
      : sink(std::move(to)), cursor(std::move(from)), options(std::move(with)) {}

  void run();
  // Whether this reader has the name; asked until it has.
  bool claim();
  void tell(std::string_view text) const {
    if (options.on_problem) options.on_problem(fmt::format("{}: {}", sink->name(), text));
  }
  bool stalled(SteadyTime now) const { return pending > 0 && now - progress >= options.stall; }

  // The thread's own.
  const std::unique_ptr<Sink> sink;
  const std::unique_ptr<EventCursor> cursor;
  const SinkReaderOptions options;
  Batch batch;
  bool claimed = false;
  bool told_of_other = false;
  bool in_hand = false;      // the batch is not written yet
  std::size_t at_once = 0;   // bytes since the end of the log was met
  LogPiece piece;            // of the batch
  bool failing = false;      // since it was reported
  bool not_keeping = false;  // the same of the place
  SteadyTime keep_at{};
  std::uint64_t unreported = 0;  // of `lost`

  // Under the mutex.
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t wakings = 0;
  bool at_rest = false;       // waits for the next waking
  std::uint64_t pending = 0;  // bytes
  std::uint64_t lost = 0;
  SteadyTime progress{};  // when the first began to wait, or the last was written
  bool told_of_stall = false;
  bool reopen = false;
  bool stop = false;
  SteadyTime stop_at{};  // the latest, with `stop`
  bool ended = false;
  std::optional<WallTime> tidy;

 private:
  enum class Step : std::uint8_t { more, end_of_log, failed };
  Step read_on();
  Step at_end(std::uint64_t seen);
  Step fail(const Error& error);
  void keep();
  void attend(std::unique_lock<std::mutex>& lock);
};

bool SinkReader::Work::claim() {
  const Result<bool> mine = cursor->claim();
  if (!mine) {
    fail(mine.error());
    return false;
  }
  if (!*mine) {
    if (!std::exchange(told_of_other, true))
      tell(
          "another server that shares the store writes the events to it, and this server continues when that "
          "one ends");
    const std::lock_guard lock(mutex);
    pending = 0;
    return false;
  }
  claimed = true;
  const auto behind = cursor->bytes_behind();
  const std::lock_guard lock(mutex);
  if (behind) pending = *behind;
  progress = std::chrono::steady_clock::now();
  return true;
}

SinkReader::Work::Step SinkReader::Work::fail(const Error& error) {
  if (!std::exchange(failing, true)) tell(error.text + "; retrying");
  return Step::failed;
}

// One piece from the log to the sink.
SinkReader::Work::Step SinkReader::Work::read_on() {
  if (!claimed && !claim()) return failing ? Step::failed : Step::end_of_log;
  std::uint64_t seen = 0;
  {
    const std::lock_guard lock(mutex);
    seen = wakings;
  }
  const bool fresh = !in_hand;
  if (fresh) {
    const auto found = cursor->next(options.piece, batch.lines);
    if (!found) {
      claimed = claimed && found.error().code != ErrorCode::conflict;
      return fail(found.error());
    }
    piece = *found;
  }
  if (piece.events == 0) {
    failing = false;
    const std::lock_guard lock(mutex);
    return at_end(seen);
  }
  in_hand = true;  // a sink that failed continues in the same batch
  if (!batch.lines.empty()) {
    if (auto written = sink->write(batch, Durable::later); !written) return fail(written.error());
  }
  in_hand = false;
  cursor->advance();
  failing = false;
  unreported += piece.lost;
  const std::lock_guard lock(mutex);
  lost += piece.lost;
  pending -= std::min<std::uint64_t>(pending, batch.lines.size());
  progress = std::chrono::steady_clock::now();
  if (std::exchange(told_of_stall, false)) tell("goes on");
  at_once += batch.lines.size();
  return piece.more || !fresh ? Step::more : at_end(seen);
}

// Under the mutex. `seen`: the wakings before the log was read to its end.
SinkReader::Work::Step SinkReader::Work::at_end(std::uint64_t seen) {
  if (wakings != seen) return Step::more;
  pending = 0;  // the count may be wrong because of other processes' events, and of lost ones
  return Step::end_of_log;
}

// The sink's disk has all lines before the stored position.
void SinkReader::Work::keep() {
  keep_at = std::chrono::steady_clock::now() + kKeep;
  if (unreported > 0) {
    const std::uint64_t events = std::exchange(unreported, 0);
    tell(fmt::format("{} events were deleted from the store before the sink read them", events));
    if (options.on_loss) options.on_loss(sink->name(), events);
  }
  if (!claimed || cursor->is_kept()) return;
  auto kept = sink->flush();
  if (kept) kept = cursor->keep();
  if (kept) {
    not_keeping = false;
  } else if (!std::exchange(not_keeping, true)) {
    tell(fmt::format("{}; its position cannot be stored, and a restart would repeat events",
                     kept.error().text));
  }
}

void SinkReader::Work::attend(std::unique_lock<std::mutex>& lock) {
  const bool reopening = std::exchange(reopen, false);
  const auto tidying = std::exchange(tidy, std::nullopt);
  if (!reopening && !tidying) return;
  lock.unlock();
  if (reopening) static_cast<void>(sink->reopen());  // a failure shows at the next write
  if (tidying) {
    if (const auto tidied = sink->tidy(*tidying); !tidied) tell(tidied.error().text);
  }
  lock.lock();
}

void SinkReader::Work::run() {
  // A pipe whose reader has gone is an error to report, not the end.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  auto pause = kShortestPause;
  std::unique_lock lock(mutex);
  for (;;) {
    attend(lock);
    const bool stopping = stop;
    const std::uint64_t seen = wakings;
    lock.unlock();
    const Step step = read_on();
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool ending = stopping && (step != Step::more || now >= stop_at);
    if (ending || now >= keep_at) keep();
    const bool unkept = claimed && !cursor->is_kept();
    lock.lock();
    if (ending) break;
    if (step == Step::more) {
      pause = kShortestPause;
      continue;
    }
    if (step == Step::failed) {
      changed.wait_for(lock, pause, [&] { return stop || reopen; });
      pause = std::min(pause * 2, kLongestPause);
      continue;
    }
    pause = kShortestPause;
    const auto called = [&] { return stop || reopen || tidy || wakings != seen; };
    at_rest = true;
    if (unkept) {
      changed.wait_until(lock, keep_at, called);
    } else {
      changed.wait(lock, called);
    }
    at_rest = false;
    if (std::exchange(at_once, 0) >= kMuch)
      changed.wait_until(lock, now + kGatherMuch, [&] { return stop || reopen; });
  }
  ended = true;
  changed.notify_all();
}

SinkReader::SinkReader(std::unique_ptr<Sink> sink, std::unique_ptr<EventCursor> cursor,
                       SinkReaderOptions options)
    : name_(sink->name()),
      work_(std::make_shared<Work>(std::move(sink), std::move(cursor), std::move(options))) {
  static_cast<void>(work_->claim());  // before any event comes, so that the backlog is counted exactly
  thread_ = std::thread([work = work_] { work->run(); });
}

SinkReader::~SinkReader() {
  std::unique_lock lock(work_->mutex);
  work_->stop = true;
  // A long backlog ends between two pieces, with time left to keep the place.
  work_->stop_at = std::chrono::steady_clock::now() + work_->options.at_end * 4 / 5;
  work_->changed.notify_all();
  const bool ended = work_->changed.wait_for(lock, work_->options.at_end, [&] { return work_->ended; });
  const std::uint64_t pending = work_->pending;
  lock.unlock();
  if (pending > 0) {
    work_->tell(fmt::format("{}{} bytes of events wait for it in the store, and follow at the next start",
                            ended ? "" : "is stalled at the end; ", pending));
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void SinkReader::wake(std::size_t bytes) {
  {
    const std::lock_guard lock(work_->mutex);
    ++work_->wakings;
    if (work_->pending == 0) work_->progress = std::chrono::steady_clock::now();
    work_->pending += bytes;
    if (!work_->at_rest) return;
  }
  work_->changed.notify_all();
}

void SinkReader::reopen() {
  {
    const std::lock_guard lock(work_->mutex);
    work_->reopen = true;
  }
  work_->changed.notify_all();
}

void SinkReader::tidy(WallTime now) {
  {
    const std::lock_guard lock(work_->mutex);
    work_->tidy = now;
    if (work_->stalled(std::chrono::steady_clock::now()) && !std::exchange(work_->told_of_stall, true)) {
      work_->tell(fmt::format("has accepted nothing for {} s; {} bytes of events wait for it",
                              std::chrono::duration_cast<std::chrono::seconds>(work_->options.stall).count(),
                              work_->pending));
    }
  }
  work_->changed.notify_all();
}

SinkState SinkReader::state() const {
  const std::lock_guard lock(work_->mutex);
  return {static_cast<std::size_t>(work_->pending), work_->lost,
          work_->stalled(std::chrono::steady_clock::now())};
}

}  // namespace gatehouse::audit
