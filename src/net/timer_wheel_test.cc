#include "net/timer_wheel.h"

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime kStart{1000h};

struct Recorder final : Timer {
  Recorder(TimerWheel& wheel, std::function<void()> action) : Timer(wheel), then(std::move(action)) {}
  void expired() override { then(); }
  std::function<void()> then;
};

TEST(TimerWheel, NeverFiresEarlyAndAtMostATickLate) {
  TimerWheel wheel(kStart);
  std::mt19937_64 random(1);
  MonotonicTime now = kStart;
  struct Case {
    std::unique_ptr<Recorder> timer;
    MonotonicTime deadline;
    bool fired = false;
  };
  std::vector<Case> cases(2000);
  for (Case& c : cases) {
    // From microseconds to days: every level, and beyond the last.
    c.deadline = kStart + std::chrono::nanoseconds(1000 + random() % (1ULL << (10 + random() % 38)));
    c.timer = std::make_unique<Recorder>(wheel, [&c, &now] {
      EXPECT_LE(c.deadline, now);
      EXPECT_FALSE(c.fired);
      c.fired = true;
    });
    c.timer->arm(c.deadline);
  }
  while (const auto next = wheel.next()) {
    ASSERT_GT(*next, now);
    now = *next;
    wheel.advance(now);
    for (const Case& c : cases) ASSERT_TRUE(c.fired || c.deadline + 1ms > now);
  }
  for (const Case& c : cases) EXPECT_TRUE(c.fired);
}

TEST(TimerWheel, AJumpOfTheClockFiresEverythingThatIsDueAndNothingElse) {
  TimerWheel wheel(kStart);
  int fired = 0;
  std::vector<std::unique_ptr<Recorder>> timers;
  for (int minute = 1; minute <= 600; ++minute) {
    timers.push_back(std::make_unique<Recorder>(wheel, [&] { ++fired; }));
    timers.back()->arm(kStart + std::chrono::minutes(minute));
  }
  wheel.advance(kStart + 300min);
  EXPECT_EQ(fired, 300);
  wheel.advance(kStart + 600min);
  EXPECT_EQ(fired, 600);
}

TEST(TimerWheel, ATimerThatIsMovedFiresOnceAtItsLastDeadline) {
  TimerWheel wheel(kStart);
  MonotonicTime now = kStart;
  std::vector<MonotonicTime> fired;
  Recorder timer(wheel, [&] { fired.push_back(now); });
  timer.arm(kStart + 10ms);
  timer.arm(kStart + 500ms);  // later: it stays where it stands
  timer.arm(kStart + 300ms);
  timer.arm(kStart + 90s);
  timer.arm(kStart + 200ms);  // earlier than its slot
  for (now = kStart; now < kStart + 100s; now += 1ms) wheel.advance(now);
  EXPECT_EQ(fired, std::vector{kStart + 200ms});
}

TEST(TimerWheel, DisarmedAndDestroyedTimersStaySilent) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Recorder disarmed(wheel, [&] { ++fired; });
  disarmed.arm(kStart + 5ms);
  disarmed.disarm();
  {
    Recorder gone(wheel, [&] { ++fired; });
    gone.arm(kStart + 5ms);
  }
  wheel.advance(kStart + 1s);
  EXPECT_EQ(fired, 0);
  disarmed.arm(kStart + 2s);
  wheel.advance(kStart + 3s);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ATimerMayDestroyAnotherThatIsDueInTheSameTick) {
  TimerWheel wheel(kStart);
  int fired = 0;
  std::unique_ptr<Recorder> a;
  std::unique_ptr<Recorder> b;
  a = std::make_unique<Recorder>(wheel, [&] { ++fired, b.reset(); });
  b = std::make_unique<Recorder>(wheel, [&] { ++fired, a.reset(); });
  a->arm(kStart + 3ms);
  b->arm(kStart + 3ms);
  wheel.advance(kStart + 1s);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ATimerMayArmItselfAgain) {
  TimerWheel wheel(kStart);
  int fired = 0;
  MonotonicTime now = kStart;
  std::unique_ptr<Recorder> timer;
  timer = std::make_unique<Recorder>(wheel, [&] {
    if (++fired < 10) timer->arm(now + 100ms);
  });
  timer->arm(now + 100ms);
  for (; now < kStart + 5s; now += 1ms) wheel.advance(now);
  EXPECT_EQ(fired, 10);
}

TEST(TimerWheel, ADeadlineThatHasPassedFiresInTheNextTick) {
  TimerWheel wheel(kStart);
  int fired = 0;
  wheel.advance(kStart + 1h);
  Recorder timer(wheel, [&] { ++fired; });
  timer.arm(kStart + 1min);
  ASSERT_TRUE(wheel.next());
  wheel.advance(*wheel.next());
  EXPECT_EQ(fired, 1);
}

}  // namespace
}  // namespace gatehouse::net
