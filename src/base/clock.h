// Time is passed in, so that a test can turn the clock by hand.
#pragma once

#include <atomic>
#include <chrono>

namespace gatehouse {

// Monotonic: deadlines, limits, durations.
using MonotonicTime = std::chrono::steady_clock::time_point;
// Calendar time in UTC, to the nanosecond: events, token expiry.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime monotonic() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

// For tests: stands still until it is advanced. Safe to read from other threads.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::seconds{1'760'000'000}})
      : wall_(start.time_since_epoch().count()) {}
  void advance(std::chrono::nanoseconds by) {
    monotonic_ += by.count();
    wall_ += by.count();
  }
  MonotonicTime monotonic() const override {
    return MonotonicTime{std::chrono::nanoseconds{monotonic_.load()}};
  }
  WallTime wall() const override { return WallTime{std::chrono::nanoseconds{wall_.load()}}; }

 private:
  std::atomic<std::int64_t> monotonic_{1'000'000'000'000};
  std::atomic<std::int64_t> wall_;
};

}  // namespace gatehouse
