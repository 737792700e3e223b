#include "target/statement_threads.h"

#include <atomic>
#include <semaphore>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing.h"
#include "target/statement_call.h"

namespace gatehouse::target {
namespace {

using ::testing::ElementsAre;
using Job = StatementThreads::Job;

// Jobs that hold their thread until they are let go, and note that they began.
class Turns : public ::testing::Test {
 protected:
  std::shared_ptr<Job> job(std::string operation, std::string principal,
                           db::Effect effect = db::Effect::reads) {
    auto made = std::make_shared<Job>();
    made->operation = std::move(operation);
    made->principal = std::move(principal);
    made->effect = effect;
    made->work = [this, name = made->operation + "/" + made->principal](db::RunHandle& handle) {
      {
        const std::lock_guard lock(mutex_);
        begun_.push_back(name);
      }
      begins_.release();
      while (!handle.is_interrupted() && !go_.try_acquire_for(std::chrono::milliseconds(1))) {
      }
    };
    return made;
  }
  void await_begins(int count) {
    for (int i = 0; i < count; ++i) begins_.acquire();
  }
  void let_go(int count) { go_.release(count); }
  std::vector<std::string> begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }
  // Until the running jobs have settled at `running`, with so many waiting.
  static void await_state(const StatementThreads& threads, std::size_t running, std::size_t waiting) {
    while (threads.running() != running || threads.waiting() != waiting) std::this_thread::yield();
  }

  std::mutex mutex_;
  std::vector<std::string> begun_;
  std::counting_semaphore<> begins_{0}, go_{0};
};

TEST_F(Turns, APrincipalHoldsItsShareOfTheThreadsAndOthersGoOn) {
  StatementThreads threads({.threads = 4, .of_operation = 4, .of_principal = 2});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(threads.submit(job("slow", "mallory")));
  await_begins(2);
  ASSERT_TRUE(threads.submit(job("slow", "ann")));
  ASSERT_TRUE(threads.submit(job("quick", "bob")));
  await_begins(2);
  await_state(threads, 4, 3);
  EXPECT_EQ(std::ranges::count(begun(), "slow/mallory"), 2);
  let_go(7);
  await_begins(3);
}

TEST_F(Turns, AnOperationHoldsItsShareOfTheThreadsHoweverManyCallItAndOthersGoOn) {
  StatementThreads threads({.threads = 4, .of_operation = 3, .of_principal = 2});
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(threads.submit(job("slow", std::to_string(i))));
  await_begins(3);
  ASSERT_TRUE(threads.submit(job("quick", "ann")));
  await_begins(1);
  EXPECT_EQ(begun().back(), "quick/ann");
  let_go(10);
  await_begins(6);
}

TEST_F(Turns, OneStatementWritesAtATimeAndReadersDoNotWaitForIt) {
  StatementThreads threads({.threads = 4, .of_operation = 4, .of_principal = 4});
  for (const char* who : {"ann", "bob", "eve"}) {
    ASSERT_TRUE(threads.submit(job("write", who, db::Effect::writes)));
  }
  await_begins(1);
  ASSERT_TRUE(threads.submit(job("read", "ann")));
  await_begins(1);
  await_state(threads, 2, 2);
  EXPECT_THAT(begun(), ElementsAre("write/ann", "read/ann"));
  let_go(4);
  await_begins(2);
}

TEST_F(Turns, GoRoundSoThatALongQueueIsNoneForOthers) {
  StatementThreads threads({.threads = 1, .of_operation = 1, .of_principal = 1});
  ASSERT_TRUE(threads.submit(job("a", "mallory")));
  await_begins(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(threads.submit(job("a", "mallory")));
  ASSERT_TRUE(threads.submit(job("a", "ann")));
  ASSERT_TRUE(threads.submit(job("b", "ann")));
  let_go(6);
  await_begins(5);
  EXPECT_THAT(begun(), ElementsAre("a/mallory", "a/mallory", "a/ann", "a/mallory", "b/ann", "a/mallory"));
}

TEST_F(Turns, AreOneForAPrincipalHoweverManyOperationsItCalls) {
  StatementThreads threads({.threads = 1, .of_operation = 1, .of_principal = 1});
  ASSERT_TRUE(threads.submit(job("a", "mallory", db::Effect::writes)));
  await_begins(1);
  for (const char* operation : {"b", "c", "d", "e"})
    ASSERT_TRUE(threads.submit(job(operation, "mallory", db::Effect::writes)));
  ASSERT_TRUE(threads.submit(job("a", "ann", db::Effect::writes)));
  let_go(6);
  await_begins(5);
  EXPECT_THAT(begun(), ElementsAre("a/mallory", "b/mallory", "a/ann", "c/mallory", "d/mallory", "e/mallory"));
}

TEST_F(Turns, ThoseWhoFillTheirQueueFillNobodyElses) {
  StatementThreads threads(
      {.threads = 1, .of_operation = 1, .of_principal = 1, .waiting = 8, .waiting_of_principal = 4});
  ASSERT_TRUE(threads.submit(job("a", "mallory")));
  await_begins(1);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(threads.submit(job(std::to_string(i), "mallory")));
  EXPECT_FALSE(threads.submit(job("another", "mallory")));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(threads.submit(job("a", std::to_string(i))));
  EXPECT_FALSE(threads.submit(job("a", "one too many")));
  let_go(9);
  await_begins(8);
  EXPECT_TRUE(threads.submit(job("a", "mallory")));
  let_go(1);
}

TEST_F(Turns, WhatIsWithdrawnIsNeverBegun) {
  StatementThreads threads({.threads = 1, .of_operation = 1, .of_principal = 1});
  const auto first = job("a", "ann"), second = job("a", "ann"), third = job("a", "ann");
  ASSERT_TRUE(threads.submit(first) && threads.submit(second));
  await_begins(1);
  ASSERT_TRUE(threads.submit(third));
  EXPECT_FALSE(threads.withdraw(*first));
  EXPECT_TRUE(threads.withdraw(*second));
  EXPECT_FALSE(threads.withdraw(*second));
  let_go(2);
  await_begins(1);
  await_state(threads, 0, 0);
  EXPECT_EQ(begun().size(), 2U);
}

TEST_F(Turns, TheEndInterruptsWhatRunsAndDropsWhatWaits) {
  StatementThreads threads({.threads = 1, .of_operation = 1, .of_principal = 1});
  ASSERT_TRUE(threads.submit(job("a", "ann")));
  ASSERT_TRUE(threads.submit(job("a", "ann")));
  await_begins(1);
}

// ---- one statement, awaited ----

class StatementCalls : public Turns {
 protected:
  using Call = StatementCall<int>;

  StatementTurn turn(std::chrono::milliseconds begins_in, std::chrono::milliseconds ends_in,
                     db::Effect effect = db::Effect::reads) {
    return {"a", "ann", effect, place_, loop_.now() + begins_in, loop_.now() + ends_in};
  }
  static net::Task<std::expected<int, Unfinished>> wait(StatementThreads& threads, net::Loop& loop,
                                                        StatementTurn turn,
                                                        std::function<int(db::RunHandle&)> job) {
    Call call(threads, loop, std::move(turn), std::move(job));
    try {
      auto result = co_await call;
      co_return result;
    } catch (const std::runtime_error&) {
      co_return -1;
    }
  }
  std::expected<int, Unfinished> run(StatementThreads& threads, StatementTurn turn,
                                     std::function<int(db::RunHandle&)> job) {
    return net::testing::run(loop_, wait(threads, loop_, std::move(turn), std::move(job)));
  }

  SystemClock clock_;
  net::Loop loop_{clock_};
  std::shared_ptr<const void> place_ = std::make_shared<int>(0);
  const StatementShares one_{.threads = 1, .of_operation = 1, .of_principal = 1};
};

constexpr std::chrono::milliseconds kSoon{20};
constexpr std::chrono::minutes kNever{10};

TEST_F(StatementCalls, GiveWhatTheJobGives) {
  StatementThreads threads(one_);
  EXPECT_EQ(run(threads, turn(kNever, kNever), [](db::RunHandle&) { return 7; }), 7);
  const auto thrower = [](db::RunHandle&) -> int { throw std::runtime_error("a bug"); };
  EXPECT_EQ(run(threads, turn(kNever, kNever), thrower), -1);
}

TEST_F(StatementCalls, WithoutATurnInTimeAreNotBegun) {
  StatementThreads threads(one_);
  ASSERT_TRUE(threads.submit(job("a", "ann")));
  await_begins(1);
  std::atomic<bool> began = false;
  EXPECT_EQ(run(threads, turn(kSoon, kNever), [&](db::RunHandle&) { return began = true, 1; }),
            std::unexpected(Unfinished::no_turn));
  let_go(1);
  await_state(threads, 0, 0);
  EXPECT_FALSE(began);
}

TEST_F(StatementCalls, AreInterruptedAtTheirDeadline) {
  StatementThreads threads(one_);
  const auto until_interrupted = [](db::RunHandle& handle) {
    while (!handle.is_interrupted()) std::this_thread::yield();
    return 3;
  };
  EXPECT_EQ(run(threads, turn(kSoon, kSoon), until_interrupted), 3);
}

TEST_F(StatementCalls, ThatHearNoInterruptionAnswerInTimeAndHoldTheirPlaceUntilTheyEnd) {
  StatementThreads threads(one_);
  const std::weak_ptr<const void> place = place_;
  const auto deaf = [this](db::RunHandle&) {
    go_.acquire();
    return 3;
  };
  auto of_the_call = turn(kSoon, kSoon);
  place_ = nullptr;
  EXPECT_EQ(run(threads, std::move(of_the_call), deaf), std::unexpected(Unfinished::overdue));
  EXPECT_EQ(threads.running(), 1U);
  EXPECT_FALSE(place.expired());
  let_go(1);
  await_state(threads, 0, 0);
  EXPECT_TRUE(place.expired());
}

TEST_F(StatementCalls, ThatHearNoInterruptionCountInTheirCallersShareUntilTheyEnd) {
  StatementThreads threads({.threads = 3, .of_operation = 3, .of_principal = 1});
  std::counting_semaphore<> ends{0};
  const auto deaf = [&](db::RunHandle&) {
    ends.acquire();
    return 3;
  };
  EXPECT_EQ(run(threads, turn(kSoon, kSoon, db::Effect::writes), deaf), std::unexpected(Unfinished::overdue));
  ASSERT_TRUE(threads.submit(job("b", "ann")));
  ASSERT_TRUE(threads.submit(job("write", "bob", db::Effect::writes)));
  ASSERT_TRUE(threads.submit(job("b", "bob")));
  await_begins(1);
  await_state(threads, 2, 2);
  EXPECT_THAT(begun(), ElementsAre("b/bob"));
  let_go(1);
  await_state(threads, 1, 2);
  ends.release();
  await_begins(2);
  EXPECT_THAT(begun(), ::testing::UnorderedElementsAre("b/bob", "b/ann", "write/bob"));
  let_go(2);
  await_state(threads, 0, 0);
}

TEST_F(StatementCalls, OfACallerWhoLeavesAreInterruptedOrNotBegun) {
  StatementThreads threads(one_);
  std::atomic<int> begun = 0;
  std::atomic<bool> interrupted = false;
  const auto listening = [&](db::RunHandle& handle) {
    ++begun;
    begins_.release();
    while (!handle.is_interrupted()) std::this_thread::yield();
    return interrupted = true, 1;
  };
  std::optional<std::expected<int, Unfinished>> first, second;
  net::testing::start(loop_, wait(threads, loop_, turn(kNever, kNever), listening), first);
  net::testing::start(loop_, wait(threads, loop_, turn(kNever, kNever), listening), second);
  await_begins(1);
  loop_.cancel_tasks();
  await_state(threads, 0, 0);
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(begun, 1);
}

}  // namespace
}  // namespace gatehouse::target
