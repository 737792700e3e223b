#include "net/task_group.h"

#include <optional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/signal.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

struct Ends {
  int& count;
  explicit Ends(int& counted) : count(counted) {}
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() { ++count; }
};

class TaskGroups : public ::testing::Test {
 protected:
  Task<void> until(Signal& signal) {
    const Ends ends(ended_);
    co_await signal.wait();
    ++finished_;
  }
  Task<void> sleep(std::chrono::nanoseconds time) {
    const Ends ends(ended_);
    co_await sleep_for(loop_, time);
    ++finished_;
  }
  Task<void> wait_for_all(MonotonicTime deadline) { all_ = co_await group_->all_ended(deadline); }
  TaskGroup::OnBug note() {
    return [this](const std::exception_ptr& bug) { bugs_ += what_of(bug); };
  }
  void turn() {
    for (int i = 0; i < 4; ++i) loop_.poll();
  }

  ManualClock clock_;
  Loop loop_{clock_};
  Signal signal_{loop_}, other_{loop_};
  int ended_ = 0, finished_ = 0;
  std::string bugs_;
  std::optional<bool> all_;
  std::optional<TaskGroup> group_{std::in_place, loop_};  // goes first, with the tasks that use the others
};

TEST_F(TaskGroups, CountTheTasksThatRun) {
  const auto first = group_->spawn(until(signal_), note());
  const auto second = group_->spawn(until(other_), note());
  EXPECT_EQ(group_->running(), 2U);
  signal_.set();
  turn();
  EXPECT_EQ(group_->running(), 1U);
  EXPECT_FALSE(first.running());
  EXPECT_TRUE(second.running());
  EXPECT_EQ(finished_, 1);
}

Task<void> ends_at_once() { co_return; }
Task<void> broken_at_once() {
  throw std::runtime_error("at once");
  co_return;
}

TEST_F(TaskGroups, NameATaskThatEndedAtOnce) {
  auto child = group_->spawn(ends_at_once(), note());
  EXPECT_FALSE(child.running());
  group_->cancel(child);
  turn();
  EXPECT_EQ(group_->running(), 0U);
}

Task<void> broken_later(Loop& loop) {
  co_await yield(loop);
  throw std::runtime_error(", later");
}

TEST_F(TaskGroups, PassABugToItsOwnerAndContinue) {
  (void)group_->spawn(broken_at_once(), note());
  (void)group_->spawn(broken_later(loop_), note());
  (void)group_->spawn(until(signal_), note());
  turn();
  EXPECT_EQ(bugs_, "at once, later");
  EXPECT_EQ(group_->running(), 1U);
}

TEST_F(TaskGroups, CancelInTheNextTurn) {
  auto child = group_->spawn(until(signal_), note());
  auto moved = std::move(child);
  group_->cancel(moved);
  EXPECT_EQ(ended_, 0);
  loop_.poll();
  EXPECT_EQ(ended_, 1);
  EXPECT_EQ(finished_, 0);
  EXPECT_FALSE(moved.running());
  group_->cancel(moved);
  turn();
  EXPECT_EQ(ended_, 1);
}

Task<void> cancel_itself(Loop& loop, TaskGroup& group, TaskGroup::Child& self, int& steps) {
  co_await yield(loop);
  group.cancel(self);
  ++steps;  // continues to its next wait
  co_await sleep_for(loop, 1h);
  ++steps;
}

TEST_F(TaskGroups, LetATaskCancelItself) {
  int steps = 0;
  TaskGroup::Child self;
  self = group_->spawn(cancel_itself(loop_, *group_, self, steps), note());
  turn();
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(group_->running(), 0U);
}

TEST_F(TaskGroups, OutliveTheNameOfATask) {
  {
    const auto child = group_->spawn(until(signal_), note());
  }
  EXPECT_EQ(group_->running(), 1U);
  signal_.set();
  turn();
  EXPECT_EQ(finished_, 1);
}

TEST_F(TaskGroups, IgnoreTheCancellationOfAnEndedTask) {
  auto child = group_->spawn(until(signal_), note());
  signal_.set();
  group_->cancel(child);  // in the same turn, behind the signal
  turn();
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(ended_, 1);
}

TEST_F(TaskGroups, SayWhenAllHaveEnded) {
  (void)group_->spawn(until(signal_), note());
  spawn(loop_, wait_for_all(Timer::kNever));
  signal_.set();
  (void)group_->spawn(until(other_), note());  // while the first ends
  turn();
  EXPECT_FALSE(all_);
  other_.set();
  turn();
  EXPECT_EQ(all_, true);
}

TEST_F(TaskGroups, SayAtOnceThatNoneRuns) {
  spawn(loop_, wait_for_all(Timer::kNever));
  EXPECT_EQ(all_, true);
}

TEST_F(TaskGroups, WaitForTheirTasksUntilADeadline) {
  (void)group_->spawn(sleep(10s), note());
  spawn(loop_, wait_for_all(loop_.now() + 5s));
  clock_.advance(4s);
  turn();
  EXPECT_FALSE(all_);
  clock_.advance(2s);
  turn();
  EXPECT_EQ(all_, false);
  EXPECT_EQ(group_->running(), 1U);
}

TEST_F(TaskGroups, TakeTheirTasksWithThem) {
  auto child = group_->spawn(until(signal_), note());
  (void)group_->spawn(sleep(1h), note());
  group_.reset();
  EXPECT_EQ(ended_, 2);
  EXPECT_EQ(finished_, 0);
  EXPECT_FALSE(child.running());
  signal_.set();
  turn();
}

}  // namespace
}  // namespace gatehouse::net
