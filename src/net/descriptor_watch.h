// DescriptorWatch: a coroutine waits for a descriptor that another library reads and writes.
//
//   while (!library.done()) {
//     library.go_on();                                        // until it would block
//     const bool happened = co_await watch.wait(deadline);
//     if (!happened) co_return too_late();
//   }
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "base/clock.h"
#include "net/loop.h"
#include "net/timer_wheel.h"

namespace gatehouse::net {

class DescriptorWatch final : private Watcher {
 public:
  // The descriptor is another's, and stays open for longer than the watch.
  DescriptorWatch(Loop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {
    loop_.watch(descriptor_, *this);
  }
  ~DescriptorWatch() { loop_.unwatch(descriptor_, *this); }
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  int descriptor() const { return descriptor_; }

  // bool: bytes or room have come since the last wait() was over, which need not be those that are wanted;
  // false: `until` came first. One coroutine waits at a time, and may be destroyed while it does.
  class Wait;
  Wait wait(MonotonicTime until);

 private:
  void on_events(std::uint32_t events) override;

  Loop& loop_;
  const int descriptor_;
  bool happened_ = false;
  Wait* waiting_ = nullptr;
};

class DescriptorWatch::Wait final : private Timer {
 public:
  Wait(DescriptorWatch& watch, MonotonicTime until)
      : Timer(watch.loop_.timers()), watch_(watch), until_(until) {}
  ~Wait() override {
    if (watch_.waiting_ == this) watch_.waiting_ = nullptr;
  }
  bool await_ready() const { return watch_.happened_ || until_ <= watch_.loop_.now(); }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    watch_.waiting_ = this;
    arm(until_);
  }
  bool await_resume() { return std::exchange(watch_.happened_, false); }

 private:
  friend class DescriptorWatch;
  void expired() override { go_on(); }
  void go_on() {
    disarm();
    watch_.waiting_ = nullptr;
    handle_.resume();
  }

  DescriptorWatch& watch_;
  MonotonicTime until_;
  std::coroutine_handle<> handle_;
};

inline DescriptorWatch::Wait DescriptorWatch::wait(MonotonicTime until) { return {*this, until}; }

inline void DescriptorWatch::on_events(std::uint32_t) {
  happened_ = true;
  if (waiting_ != nullptr) waiting_->go_on();
}

}  // namespace gatehouse::net
