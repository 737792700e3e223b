// Notifier: coroutines of any loops wait for a change that any thread announces, without polling.
//
//   for (;;) {
//     const std::uint64_t seen = notifier.version();   // before looking
//     if (done()) co_return;
//     const bool changed = co_await notifier.wait(loop, seen, deadline);
//     if (!changed) co_return;                         // the deadline has passed
//   }
//
// A coroutine that wait() resumes sees all changes that were made before notify().
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "net/loop.h"
#include "net/timer_wheel.h"

namespace gatehouse::net {

class Notifier {
  // One coroutine that waits. Its loop's thread alone looks at `waiting`.
  struct Place {
    std::shared_ptr<Mailbox> mailbox;
    std::coroutine_handle<> waiting;  // null: it waits no more
  };
  struct State {
    std::atomic<std::uint64_t> version{0};
    std::mutex mutex;
    std::list<std::shared_ptr<Place>> places;
  };

 public:
  // How many times notify() was called. From any thread.
  std::uint64_t version() const { return state_->version.load(std::memory_order_acquire); }
  // From any thread. It resumes nothing within the call.
  void notify();

  // bool: notify() was called since version() was `seen`; false: `until` came first. The coroutine may be
  // destroyed while it waits, and the notifier too: then it waits for `until`.
  class Wait;
  Wait wait(Loop& loop, std::uint64_t seen, MonotonicTime until = Timer::kNever);

 private:
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class Notifier::Wait final : private Timer {
 public:
  Wait(std::shared_ptr<State> state, Loop& loop, std::uint64_t seen, MonotonicTime until)
      : Timer(loop.timers()), state_(std::move(state)), loop_(loop), seen_(seen), until_(until) {}
  ~Wait() override;
  bool await_ready() const { return changed() || until_ <= loop_.now(); }
  bool await_suspend(std::coroutine_handle<> waiting);
  bool await_resume() const { return changed(); }

 private:
  bool changed() const { return state_->version.load(std::memory_order_acquire) != seen_; }
  void expired() override;

  std::shared_ptr<State> state_;
  Loop& loop_;
  std::uint64_t seen_;
  MonotonicTime until_;
  std::shared_ptr<Place> place_;  // null where it never waited
};

inline Notifier::Wait Notifier::wait(Loop& loop, std::uint64_t seen, MonotonicTime until) {
  return {state_, loop, seen, until};
}

}  // namespace gatehouse::net
