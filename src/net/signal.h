// Signal: one coroutine of a loop waits until another code path of the same loop calls set(). Level-triggered
// and without a count: after a set() without a waiter the next wait() returns at once.
#pragma once

#include <coroutine>
#include <utility>

#include "net/loop.h"

namespace gatehouse::net {

class Signal final : private Deferred {
 public:
  explicit Signal(Loop& loop) : loop_(loop) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // The waiting coroutine continues later in this turn of the loop or in the next, never inside set(): so it
  // may destroy the caller of set().
  void set() {
    set_ = true;
    if (waiting_) loop_.defer(*this);
  }

  // co_await signal.wait(). At most one coroutine waits at a time; it may be destroyed while it does.
  class Wait {
   public:
    explicit Wait(Signal& signal) : signal_(signal) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() { signal_.waiting_ = {}; }
    bool await_ready() const noexcept { return signal_.set_; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept { signal_.waiting_ = waiting; }
    void await_resume() const noexcept { signal_.set_ = false; }

   private:
    Signal& signal_;
  };
  Wait wait() { return Wait(*this); }

 private:
  void run() override {
    if (waiting_) std::exchange(waiting_, {}).resume();
  }

  Loop& loop_;
  std::coroutine_handle<> waiting_;
  bool set_ = false;
};

// Runs `task` until it first suspends. Its owner destroys it: at its end, or to cancel it. An exception that
// leaves it is dropped.
inline void start(Task<void>& task) {
  task.operator co_await().await_suspend(std::noop_coroutine()).resume();
}

}  // namespace gatehouse::net
