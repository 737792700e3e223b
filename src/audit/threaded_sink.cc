#include "audit/threaded_sink.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

namespace gatehouse::audit {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kShortestPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};

// What the sink's thread works on. Its own owner beside the sink: a thread that hangs in a write outlives
// both.
struct Work {
  Work(std::unique_ptr<Sink> to, ThreadedSinkOptions with) : sink(std::move(to)), options(std::move(with)) {}

  const std::unique_ptr<Sink> sink;  // the thread's
  const ThreadedSinkOptions options;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Batch> waiting;  // the first is being written
  Batch spare;                // empty: the last that was written, so that its memory is used again
  std::size_t bytes = 0;
  std::uint64_t lost = 0;
  SteadyTime progress{};  // when the first began to wait, or the last was written
  bool leaving_out = false;
  bool told_of_stall = false;
  bool reopen = false;
  bool stop = false;
  bool ended = false;
  std::optional<WallTime> tidy;

  void tell(std::string_view text) const {
    if (options.on_problem) options.on_problem(fmt::format("{}: {}", sink->name(), text));
  }
  bool stalled(SteadyTime now) const { return !waiting.empty() && now - progress >= options.stall; }
};

// With the lock: until the first batch is written, or the process ends.
void write_first(Work& work, std::unique_lock<std::mutex>& lock) {
  Batch& batch = work.waiting.front();  // a deque moves nothing when more comes
  auto pause = kShortestPause;
  for (bool told = false;; told = true) {
    lock.unlock();
    const Result<> written = work.sink->write(batch, Durable::later);
    if (!written && !told) work.tell(written.error().text + "; it is tried again");
    lock.lock();
    if (written) break;
    if (work.stop) {
      work.lost += batch.facts.size();
      break;
    }
    work.changed.wait_for(lock, pause, [&] { return work.stop || work.reopen; });
    if (std::exchange(work.reopen, false)) static_cast<void>(work.sink->reopen());
    pause = std::min(pause * 2, kLongestPause);
  }
  work.bytes -= batch.lines.size();
  batch.clear();
  work.spare = std::move(batch);
  work.waiting.pop_front();
  work.progress = std::chrono::steady_clock::now();
  if (std::exchange(work.told_of_stall, false)) work.tell("goes on");
  if (work.leaving_out && work.waiting.empty()) {
    work.leaving_out = false;
    work.tell(fmt::format("takes events again; {} are left out of it in all", work.lost));
  }
}

void run(const std::shared_ptr<Work>& work) {
  // A pipe whose reader has gone is an error to report, not the end.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  std::unique_lock lock(work->mutex);
  for (;;) {
    work->changed.wait(lock,
                       [&] { return work->stop || work->reopen || work->tidy || !work->waiting.empty(); });
    if (std::exchange(work->reopen, false))
      static_cast<void>(work->sink->reopen());  // a failure shows at the next write
    if (const auto now = std::exchange(work->tidy, std::nullopt)) {
      lock.unlock();
      const auto tidied = work->sink->tidy(*now);
      if (!tidied) work->tell(tidied.error().text);
      lock.lock();
    }
    if (!work->waiting.empty()) {
      write_first(*work, lock);
    } else if (work->stop) {
      break;
    }
  }
  work->ended = true;
  work->changed.notify_all();
}

class ThreadedSink final : public Sink {
 public:
  ThreadedSink(std::unique_ptr<Sink> sink, ThreadedSinkOptions options)
      : name_(sink->name()),
        work_(std::make_shared<Work>(std::move(sink), std::move(options))),
        thread_([work = work_] { run(work); }) {}

  ~ThreadedSink() override {
    std::unique_lock lock(work_->mutex);
    work_->stop = true;
    work_->changed.notify_all();
    if (work_->changed.wait_for(lock, work_->options.at_end, [&] { return work_->ended; })) {
      if (work_->lost > 0) work_->tell(fmt::format("{} events are left out of it", work_->lost));
      lock.unlock();
      thread_.join();
      return;
    }
    for (const Batch& batch : work_->waiting) work_->lost += batch.facts.size();
    work_->tell(fmt::format("stands still at the end; {} events are left out of it", work_->lost));
    thread_.detach();
  }

  std::string_view name() const override { return name_; }
  bool can_be_durable() const override { return false; }

  Result<> write(const Batch& batch, Durable) override {
    if (batch.facts.empty()) return {};
    {
      const std::lock_guard lock(work_->mutex);
      if (work_->bytes + batch.lines.size() > work_->options.most.bytes) {
        work_->lost += batch.facts.size();
        if (!std::exchange(work_->leaving_out, true))
          work_->tell("takes no more events; what comes now is left out of it, and is in the store");
        return {};
      }
      if (work_->waiting.empty()) work_->progress = std::chrono::steady_clock::now();
      Batch& mine = work_->waiting.emplace_back(std::exchange(work_->spare, {}));
      mine.lines = batch.lines;
      mine.facts = batch.facts;
      work_->bytes += mine.lines.size();
    }
    work_->changed.notify_all();
    return {};
  }

  Result<> reopen() override {
    {
      const std::lock_guard lock(work_->mutex);
      work_->reopen = true;
    }
    work_->changed.notify_all();
    return {};
  }

  Result<> tidy(WallTime now) override {
    {
      const std::lock_guard lock(work_->mutex);
      work_->tidy = now;
      if (work_->stalled(std::chrono::steady_clock::now()) && !std::exchange(work_->told_of_stall, true)) {
        work_->tell(fmt::format(
            "has taken nothing for {} s; {} bytes of events wait for it",
            std::chrono::duration_cast<std::chrono::seconds>(work_->options.stall).count(), work_->bytes));
      }
    }
    work_->changed.notify_all();
    return {};
  }

  SinkState state() const override {
    const std::lock_guard lock(work_->mutex);
    return {work_->bytes, work_->lost, work_->stalled(std::chrono::steady_clock::now())};
  }

 private:
  const std::string name_;
  const std::shared_ptr<Work> work_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Sink> threaded_sink(std::unique_ptr<Sink> sink, ThreadedSinkOptions options) {
  return std::make_unique<ThreadedSink>(std::move(sink), std::move(options));
}

}  // namespace gatehouse::audit
