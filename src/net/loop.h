// Loop: one thread's events. Edge-triggered epoll, timers, messages from other threads, and root coroutines.
//
// Everything but post() and stop() belongs to the thread that runs the loop.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/clock.h"
#include "net/list.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace gatehouse::net {

class Loop;
class TaskGroup;

// The target of a loop's events for a descriptor. Leave the loop (unwatch) before closing the descriptor.
class Watcher {
 public:
  // `events` are epoll's. May destroy the watcher.
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

// Work for the loop's next turn. Takes itself out when destroyed.
class Deferred : private ListNode {
 public:
  virtual ~Deferred() = default;

 protected:
  virtual void run() = 0;

 private:
  friend class Loop;
};

// The way into a loop from other threads; it may outlive the loop.
class Mailbox {
 public:
  using Message = std::move_only_function<void()>;
  virtual ~Mailbox() = default;
  // Runs `message` on the loop's thread, in the order of the calls. false: the loop is gone, and the message
  // was dropped. Messages that a loop has not run when it goes are destroyed on its thread.
  virtual bool post(Message message) = 0;
};

class Loop {
 public:
  // `clock` must outlive the loop. Throws std::system_error when the system gives no descriptors.
  explicit Loop(const Clock& clock);
  // Cancels the tasks that are left.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Turns until stop(). May be called again.
  void run();
  // One turn without waiting: pending events, due timers, posted messages.
  void poll();
  // From any thread: run() returns after its turn.
  void stop();

  // The clock, read once for each batch of events.
  MonotonicTime now() const { return now_; }

  // From any thread.
  void post(Mailbox::Message message);
  std::shared_ptr<Mailbox> mailbox() const;

  // Calls `deferred` once, after the current events or in the next turn; `early` before `late`.
  enum class Order : std::uint8_t { early, late };
  void defer(Deferred& deferred, Order order = Order::late);
  // Whether other events of this turn come after the one at hand.
  bool more_events() const { return next_event_ < events_; }

  // How many spawned tasks have not ended.
  std::size_t tasks() const;
  // Destroys them. Not from inside one.
  void cancel_tasks();

  // For the rest of this room.
  TimerWheel& timers() { return timers_; }
  // Registers once, for both directions, edge-triggered.
  void watch(int descriptor, Watcher& watcher);
  // Afterwards no event reaches `watcher`, not even one of the batch at hand.
  void unwatch(int descriptor, Watcher& watcher);
  // Space that is used between two suspensions only: one per worker instead of one per connection.
  static constexpr std::size_t kScratch = std::size_t{64} << 10U;
  std::span<char, kScratch> gather_scratch() { return std::span<char, kScratch>(scratch_.get(), kScratch); }
  std::span<char, kScratch> output_scratch() {
    return std::span<char, kScratch>(scratch_.get() + kScratch, kScratch);
  }

 private:
  friend void spawn(Loop& loop, Task<void> task);
  class Post;
  struct Events;
  enum class Wait : std::uint8_t { no, yes };
  void turn(Wait wait);
  int patience() const;  // milliseconds to wait for events; -1: as long as it takes

  const Clock& clock_;
  MonotonicTime now_;
  TimerWheel timers_;
  int epoll_ = -1;
  std::unique_ptr<Events> batch_;  // of this turn
  int events_ = 0;
  int next_event_ = 0;
  std::shared_ptr<Post> post_;
  std::unique_ptr<char[]> scratch_;
  ListNode early_, late_;  // deferred calls
  bool stopping_ = false;
  std::unique_ptr<TaskGroup> tasks_;
};

// Starts `task` at once, as a root that the loop owns and counts. It runs until it first suspends before this
// returns. An exception that leaves a root is a bug: it ends the process.
void spawn(Loop& loop, Task<void> task);

// co_await sleep_until(loop, time)
class Sleep final : private Timer {
 public:
  Sleep(Loop& loop, MonotonicTime until) : Timer(loop.timers()), until_(until), now_(loop.now()) {}
  bool await_ready() const noexcept { return until_ <= now_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    arm(until_);
  }
  void await_resume() const noexcept {}

 private:
  void expired() override { waiting_.resume(); }
  MonotonicTime until_;
  MonotonicTime now_;
  std::coroutine_handle<> waiting_;
};
inline Sleep sleep_until(Loop& loop, MonotonicTime time) { return {loop, time}; }
inline Sleep sleep_for(Loop& loop, std::chrono::nanoseconds time) { return {loop, loop.now() + time}; }

// co_await yield(loop): lets the other connections have their turn.
class Yield final : private Deferred {
 public:
  explicit Yield(Loop& loop) : loop_(loop) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    loop_.defer(*this);
  }
  void await_resume() const noexcept {}

 private:
  void run() override { waiting_.resume(); }
  Loop& loop_;
  std::coroutine_handle<> waiting_;
};
inline Yield yield(Loop& loop) { return Yield(loop); }

}  // namespace gatehouse::net
