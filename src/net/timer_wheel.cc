#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace gatehouse::net {
namespace {

constexpr std::chrono::nanoseconds kTick = std::chrono::milliseconds(1);

}  // namespace

void Timer::arm(MonotonicTime deadline) {
  deadline_ = deadline;
  if (deadline == kNever) return;
  if (!linked() || wheel_.tick_at_or_after(deadline) < tick_) wheel_.place(*this);
}

std::uint64_t TimerWheel::tick_at_or_after(MonotonicTime time) const {
  if (time <= start_) return 0;
  const auto since = time - start_;
  return static_cast<std::uint64_t>(since / kTick) + (since % kTick != kTick.zero() ? 1 : 0);
}

void TimerWheel::place(Timer& timer) {
  constexpr std::uint64_t kReach = (std::uint64_t{1} << (kLevels * kBits)) - 1;
  const std::uint64_t tick = std::clamp(tick_at_or_after(timer.deadline_), current_ + 1, current_ + kReach);
  unsigned level = 0;
  while ((tick - current_) >> ((level + 1) * kBits) != 0) ++level;
  const unsigned slot = (tick >> (level * kBits)) % kSlots;
  timer.tick_ = tick;
  timer.link_before(slots_[level][slot]);
  occupied_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::advance(MonotonicTime now) {
  if (now < start_) return;
  const auto tick = static_cast<std::uint64_t>((now - start_) / kTick);
  if (tick <= current_) return;

  ListNode due;
  for (unsigned level = 0; level < kLevels; ++level) {
    const std::uint64_t from = current_ >> (level * kBits);
    const std::uint64_t steps = std::min<std::uint64_t>((tick >> (level * kBits)) - from, kSlots);
    for (std::uint64_t i = 1; i <= steps && occupied_[level] != 0; ++i) {
      const unsigned slot = (from + i) % kSlots;
      const std::uint64_t bit = std::uint64_t{1} << slot;
      if ((occupied_[level] & bit) == 0) continue;
      occupied_[level] &= ~bit;
      due.take_all(slots_[level][slot]);
    }
  }
  current_ = tick;

  // A timer that is fired may destroy or arm any other, the ones in `due` included.
  while (due.linked()) {
    auto& timer = static_cast<Timer&>(*due.next());
    timer.unlink();
    if (!timer.armed()) continue;
    if (tick_at_or_after(timer.deadline_) > current_) {
      place(timer);
    } else {
      timer.disarm();
      timer.expired();
    }
  }
}

std::optional<MonotonicTime> TimerWheel::next() const {
  std::optional<std::uint64_t> nearest;
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const std::uint64_t from = (current_ >> (level * kBits)) + 1;
    const std::uint64_t ahead = std::rotr(occupied_[level], static_cast<int>(from % kSlots));
    const std::uint64_t tick = (from + static_cast<unsigned>(std::countr_zero(ahead))) << (level * kBits);
    if (!nearest || tick < *nearest) nearest = tick;
  }
  if (!nearest) return std::nullopt;
  return start_ + *nearest * kTick;
}

}  // namespace gatehouse::net
