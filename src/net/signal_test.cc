#include "net/signal.h"

#include <optional>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/loop.h"

namespace gatehouse::net {
namespace {

Task<void> count_signals(Signal& signal, int& seen) {
  for (;;) {
    Signal::Wait waiting = signal.wait();
    co_await waiting;
    ++seen;
  }
}

class Signals : public ::testing::Test {
 protected:
  ManualClock clock_;
  Loop loop_{clock_};
  Signal signal_{loop_};
  int seen_ = 0;
};

TEST_F(Signals, WakeTheCoroutineThatWaitsButNotWithinTheCall) {
  Task<void> task = count_signals(signal_, seen_);
  start(task);
  signal_.set();
  signal_.set();
  EXPECT_EQ(seen_, 0);
  loop_.poll();
  EXPECT_EQ(seen_, 1) << "what was set twice is seen once";
  loop_.poll();
  EXPECT_EQ(seen_, 1);
}

TEST_F(Signals, AreKeptForAWaitThatComesLater) {
  signal_.set();
  Task<void> task = count_signals(signal_, seen_);
  start(task);
  EXPECT_EQ(seen_, 1);
}

TEST_F(Signals, DoNotResumeADestroyedCoroutine) {
  {
    Task<void> task = count_signals(signal_, seen_);
    start(task);
    signal_.set();
  }
  loop_.poll();
  EXPECT_EQ(seen_, 0);
}

TEST_F(Signals, MayGoBeforeTheTurnInWhichTheyWouldWake) {
  std::optional<Signal> signal(std::in_place, loop_);
  Task<void> task = count_signals(*signal, seen_);
  start(task);
  signal->set();
  task.reset();
  signal.reset();
  loop_.poll();
  EXPECT_EQ(seen_, 0);
}

}  // namespace
}  // namespace gatehouse::net
