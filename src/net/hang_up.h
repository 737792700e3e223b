// The other side of one exchange, and what becomes of the work for it when that side goes: the peer of a
// connection, or of one stream of a connection.
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

// What is known about the other side without reading.
enum class PeerState : std::uint8_t {
  present,
  finished,  // it will send nothing more; what it sent before can still be read
  gone,      // reset, or closed in both directions
};

// What becomes of work whose peer hangs up.
enum class OnHangUp : std::uint8_t {
  cancel,
  finish,  // it has begun what must not be left half-done, or unrecorded
};

class HangUpSource {
 public:
  explicit HangUpSource(Loop& loop) : loop_(loop) {}
  ~HangUpSource();
  HangUpSource(const HangUpSource&) = delete;
  HangUpSource& operator=(const HangUpSource&) = delete;

  PeerState state() const { return state_; }
  Loop& loop() const { return loop_; }
  // What runs under cancellable() for it ends then at the latest, with Error{timeout}.
  void end_work_by(MonotonicTime deadline);

  // For the side that knows the peer. The state changes first, and what runs is told when the events at hand
  // have been seen to; tell() may destroy this.
  void change(PeerState state) { state_ = state; }
  void tell();

 private:
  friend class HangUp;
  Loop& loop_;
  PeerState state_ = PeerState::present;
  HangUp* waiting_ = nullptr;
};

// Waits for the end of another coroutine, the peer or a deadline, whichever comes first.
class HangUp : private Timer {
 public:
  ~HangUp() override;
  HangUp(const HangUp&) = delete;
  HangUp& operator=(const HangUp&) = delete;

 protected:
  HangUp(HangUpSource& source, MonotonicTime deadline, const OnHangUp* on_hang_up);
  void watch();
  void unwatch();  // what ends later ends nothing
  // Destroys what is waited for, and goes on.
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
// `deadline` passes; then the task is destroyed, and the result is Error{cancelled} or Error{timeout}.
// A client that only half-closes counts as gone, as it does in nginx. Where `on_hang_up` says `finish` at the
// moment of the hang-up, the task goes on to its end or to the deadline; the task may change it as it runs,
// and it outlives the task. At most one runs for a source at a time.
template <typename T>
Cancellable<T> cancellable(HangUpSource& source, MonotonicTime deadline, Task<T> task,
                           const OnHangUp* on_hang_up = nullptr) {
  return Cancellable<T>(source, deadline, std::move(task), on_hang_up);
}

}  // namespace gatehouse::net
