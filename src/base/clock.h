// Time is passed in, so that a test can turn the clock by hand.
#pragma once

#include <chrono>
#include <cstdint>

namespace gatehouse {

// Monotonic: deadlines, limits, durations.
using MonotonicTime = std::chrono::steady_clock::time_point;
// Calendar time in UTC, to the nanosecond: events, token expiry.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

// As databases and indexes keep it: nanoseconds since 1970.
constexpr std::int64_t nanoseconds_of(WallTime time) { return time.time_since_epoch().count(); }
constexpr WallTime wall_time_from_nanoseconds(std::int64_t nanoseconds) {
  return WallTime{std::chrono::nanoseconds{nanoseconds}};
}

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

}  // namespace gatehouse
