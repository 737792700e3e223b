// A clock for tests.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace gatehouse {

// Stands still until it is advanced. Safe to read from other threads.
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
