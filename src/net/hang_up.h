// The peer of one exchange (of a connection, or of one stream of a connection), and the treatment of its work
// when the peer hangs up.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace gatehouse::net {

class HangUp;

// The state of the peer, known without reading.
enum class PeerState : std::uint8_t {
  present,
  finished,  // it will send no more; bytes that it sent before can still be read
  gone,      // reset, or closed in both directions
};

// The treatment of work whose peer hangs up.
enum class OnHangUp : std::uint8_t {
  cancel,
  finish,  // it must be completed, or recorded, because it has begun
};

class HangUpSource {
 public:
  explicit HangUpSource(Loop& loop) : loop_(loop) {}
  ~HangUpSource();
  HangUpSource(const HangUpSource&) = delete;
  HangUpSource& operator=(const HangUpSource&) = delete;

  PeerState state() const { return state_; }
  Loop& loop() const { return loop_; }
  // Work under cancellable() for this source ends at the latest then, with Error{timeout}.
  void end_work_by(MonotonicTime deadline);

  // For the code that knows the peer. The state changes first; running work is notified after the current
  // events were handled; tell() may destroy this.
  void change(PeerState state) { state_ = state; }
  void tell();

 private:
  friend class HangUp;
  Loop& loop_;
  PeerState state_ = PeerState::present;
  HangUp* waiting_ = nullptr;
};

// Waits for the first of: the end of another coroutine, the peer's hang-up, a deadline.
class HangUp : private Timer {
 public:
  ~HangUp() override;
  HangUp(const HangUp&) = delete;
  HangUp& operator=(const HangUp&) = delete;

 protected:
  HangUp(HangUpSource& source, MonotonicTime deadline, const OnHangUp* on_hang_up);
  void watch();
  void unwatch();  // a later hang-up or deadline has no effect
  // Destroys the awaited task, and resumes the waiter.
  virtual void cancel(Error error) = 0;
  std::optional<Error> already() const;

 private:
  friend class HangUpSource;
  void peer_hung_up();
  void expired() override;
  HangUpSource* source_;  // null when it was destroyed
  MonotonicTime until_;
  const OnHangUp* on_hang_up_;  // null: cancel
};

template <typename T>
class Cancellable final : public HangUp {
 public:
  Cancellable(HangUpSource& source, MonotonicTime deadline, Task<T> task, const OnHangUp* on_hang_up)
      : HangUp(source, deadline, on_hang_up),
        task_(std::move(task)),
        running_(task_.operator co_await()),
        error_(already()) {}

  bool await_ready() const { return error_.has_value(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    watch();
    return running_.await_suspend(waiting);
  }
  Result<T> await_resume() {
    unwatch();
    if (error_) return std::unexpected(std::move(*error_));
    if constexpr (std::is_void_v<T>) {
      running_.await_resume();
      return {};
    } else {
      return running_.await_resume();
    }
  }

 private:
  void cancel(Error error) override {
    task_.reset();
    error_ = std::move(error);
    waiting_.resume();
  }

  Task<T> task_;
  typename Task<T>::Awaiter running_;
  std::coroutine_handle<> waiting_;
  std::optional<Error> error_;
};

//   auto running = cancellable(source, deadline, work());
//   Result<T> result = co_await running;
//
// Runs the task until it is done, the peer of `source` hangs up (ends its sending, closes or resets), or
// `deadline` passes; then the task is destroyed, and the result is Error{cancelled} or Error{timeout}. A
// client that only half-closes counts as gone, as in nginx. If `on_hang_up` is `finish` at the moment of the
// hang-up, the task continues to its end or to the deadline. The task may change it while it runs, and it
// must outlive the task. At most one task runs for a source at a time.
template <typename T>
Cancellable<T> cancellable(HangUpSource& source, MonotonicTime deadline, Task<T> task,
                           const OnHangUp* on_hang_up = nullptr) {
  return Cancellable<T>(source, deadline, std::move(task), on_hang_up);
}

}  // namespace gatehouse::net
