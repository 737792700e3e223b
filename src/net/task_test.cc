#include "net/task.h"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/loop.h"
#include "net/testing.h"

namespace gatehouse::net {
namespace {

using testing::run;

Task<int> number(int n, bool& started) {
  started = true;
  co_return n;
}

TEST(Task, StartsOnlyWhenItIsAwaited) {
  const SystemClock clock;
  Loop loop(clock);
  bool started = false;
  Task<int> task = number(7, started);
  EXPECT_FALSE(started);
  EXPECT_EQ(run(loop, std::move(task)), 7);
  EXPECT_TRUE(started);
}

Task<int> throwing() {
  throw std::runtime_error("a bug");
  co_return 1;
}
Task<int> catching() {
  auto inner = throwing();
  try {
    co_await inner;
  } catch (const std::runtime_error&) {
    co_return 2;
  }
  co_return 3;
}

TEST(Task, AnExceptionReachesTheOneWhoAwaits) {
  const SystemClock clock;
  Loop loop(clock);
  EXPECT_EQ(run(loop, catching()), 2);
}

Task<std::unique_ptr<int>> move_only() { co_return std::make_unique<int>(5); }
Task<int> unwrap() {
  auto task = move_only();
  auto pointer = co_await task;
  co_return *pointer;
}

TEST(Task, GivesValuesThatCanOnlyBeMoved) {
  const SystemClock clock;
  Loop loop(clock);
  EXPECT_EQ(run(loop, unwrap()), 5);
}

Task<int> one() { co_return 1; }
Task<int> sum(int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) {
    auto task = one();
    total += co_await task;
  }
  co_return total;
}

TEST(Task, AMillionAwaitsThatNeverSuspendDoNotGrowTheStack) {
#ifndef __OPTIMIZE__
  GTEST_SKIP() << "GCC makes tail calls only when it optimises";
#endif
  const SystemClock clock;
  Loop loop(clock);
  EXPECT_EQ(run(loop, sum(1'000'000)), 1'000'000);
}

struct Marks {
  std::vector<std::string>& log;
  std::string name;
  ~Marks() { log.push_back(name); }
};

Task<void> sleeper(Loop& loop, std::vector<std::string>& log) {
  const Marks inner{log, "inner"};
  co_await sleep_for(loop, std::chrono::hours(1));
  log.emplace_back("woke");
}
Task<void> outer(Loop& loop, std::vector<std::string>& log) {
  const Marks outer_mark{log, "outer"};
  auto task = sleeper(loop, log);
  co_await task;
  log.emplace_back("went on");
}

TEST(Task, DestroyingTheLoopCancelsSuspendedTasksFromTheInsideOut) {
  const SystemClock clock;
  std::vector<std::string> log;
  {
    Loop loop(clock);
    spawn(loop, outer(loop, log));
    EXPECT_EQ(loop.tasks(), 1U);
    EXPECT_TRUE(log.empty());
  }
  EXPECT_EQ(log, (std::vector<std::string>{"inner", "outer"}));
}

TEST(Task, ACancelledSleepNeverWakes) {
  ManualClock clock;
  Loop loop(clock);
  std::vector<std::string> log;
  spawn(loop, outer(loop, log));
  loop.cancel_tasks();
  EXPECT_EQ(loop.tasks(), 0U);
  clock.advance(std::chrono::hours(2));
  loop.poll();
  EXPECT_EQ(log, (std::vector<std::string>{"inner", "outer"}));
}

TEST(Task, ASpawnedTaskIsCountedUntilItEnds) {
  ManualClock clock;
  Loop loop(clock);
  std::vector<std::string> log;
  spawn(loop, outer(loop, log));
  spawn(loop, outer(loop, log));
  EXPECT_EQ(loop.tasks(), 2U);
  clock.advance(std::chrono::hours(1) + std::chrono::milliseconds(1));
  loop.poll();
  EXPECT_EQ(loop.tasks(), 0U);
}

}  // namespace
}  // namespace gatehouse::net
