#include "net/finish.h"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "net/notifier.h"

namespace gatehouse::net {
namespace {

Task<int> seven() { co_return 7; }

Task<int> twice_seven() {
  const int once = co_await seven();
  const int again = co_await seven();
  co_return once + again;
}

Task<int> breaks() {
  throw std::runtime_error("broken");
  co_return 0;
}

struct Counted {
  explicit Counted(int& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }
  int& count_;
};

Task<int> waits(Loop& loop, int& alive) {
  const Counted counted(alive);
  co_await yield(loop);
  co_return 1;
}

TEST(Finish, ATaskThatWaitsForNothingNeedsNoLoop) {
  EXPECT_EQ(finish_without_waiting(twice_seven()), 14);
  EXPECT_THROW(finish_without_waiting(breaks()), std::runtime_error);
}

TEST(Finish, ATaskThatWaitsWithoutALoopIsCancelled) {
  const SystemClock clock;
  Loop loop(clock);
  int alive = 0;
  EXPECT_THROW(finish_without_waiting(waits(loop, alive)), std::logic_error);
  EXPECT_EQ(alive, 0);
  loop.poll();  // nothing of it is left in the loop
}

TEST(Finish, ALoopIsRunUntilTheTaskHasEndedAndMayBeRunAgain) {
  const SystemClock clock;
  Loop loop(clock);
  int alive = 0;
  EXPECT_EQ(finish(loop, waits(loop, alive)), 1);
  EXPECT_EQ(finish(loop, twice_seven()), 14);
  EXPECT_THROW(finish(loop, breaks()), std::runtime_error);
  EXPECT_EQ(loop.tasks(), 0U);
}

Task<bool> told(Loop& loop, Notifier& notifier) {
  const bool changed = co_await notifier.wait(loop, 0);
  co_return changed;
}

TEST(Finish, TheLoopWaitsForOtherThreads) {
  const SystemClock clock;
  Loop loop(clock);
  Notifier notifier;
  std::thread other([&] { notifier.notify(); });
  EXPECT_TRUE(finish(loop, told(loop, notifier)));
  other.join();
}

}  // namespace
}  // namespace gatehouse::net
