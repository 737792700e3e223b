// Timers by the thousand: each connection has one, and each request moves it.
//
// A hierarchical wheel of four levels of 64 slots, ticks of a millisecond. Arming for later than the slot the
// timer already has costs one store: the timer is found early in its slot and put further out then. A timer
// never fires early; it fires up to a tick late.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "net/list.h"

namespace gatehouse::net {

class TimerWheel;

class Timer : private ListNode {
 public:
  explicit Timer(TimerWheel& wheel) : wheel_(wheel) {}
  virtual ~Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces the deadline. One that has passed fires in the next turn of the loop.
  void arm(MonotonicTime deadline);
  void disarm() { deadline_ = kNever; }
  bool armed() const { return deadline_ != kNever; }
  MonotonicTime deadline() const { return deadline_; }

  static constexpr MonotonicTime kNever = MonotonicTime::max();

 protected:
  // Called once for each arming, from the loop. May destroy the timer.
  virtual void expired() = 0;

 private:
  friend class TimerWheel;
  TimerWheel& wheel_;
  MonotonicTime deadline_ = kNever;
  std::uint64_t tick_ = 0;  // of the slot it stands in, while linked
};

class TimerWheel {
 public:
  explicit TimerWheel(MonotonicTime start) : start_(start) {}

  // Fires the timers that are due at `now`.
  void advance(MonotonicTime now);
  // When to look again, at the latest. Nothing: no timer stands.
  std::optional<MonotonicTime> next() const;

 private:
  friend class Timer;
  static constexpr unsigned kLevels = 4;
  static constexpr unsigned kBits = 6;
  static constexpr unsigned kSlots = 1U << kBits;

  std::uint64_t tick_at_or_after(MonotonicTime time) const;
  void place(Timer& timer);

  MonotonicTime start_;
  std::uint64_t current_ = 0;                      // the last tick that was handled
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit for each slot that may hold timers
  std::array<std::array<ListNode, kSlots>, kLevels> slots_;
};

}  // namespace gatehouse::net
