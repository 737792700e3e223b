#include "net/worker_group.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "net/blocking_pool.h"
#include "net/resolve.h"
#include "net/testing.h"

namespace gatehouse::net {
namespace {

using testing::run;
using testing::start;
using testing::turn_until;

Task<Result<std::thread::id>> where(Loop& loop, BlockingPool& pool) {
  auto call = pool.run(loop, [] { return std::this_thread::get_id(); });
  auto id = co_await call;
  co_return id;
}

TEST(BlockingPool, RunsOnAPoolThreadAndContinuesOnTheLoop) {
  const SystemClock clock;
  Loop loop(clock);
  BlockingPool pool(2, 10);
  const auto id = run(loop, where(loop, pool));
  ASSERT_TRUE(id);
  EXPECT_NE(*id, std::this_thread::get_id());
}

Task<int> throws_there(Loop& loop, BlockingPool& pool) {
  auto call = pool.run(loop, []() -> int { throw std::runtime_error("a bug"); });
  try {
    auto result = co_await call;
    co_return result ? 0 : 1;
  } catch (const std::runtime_error&) {
    co_return 2;
  }
}

TEST(BlockingPool, AnExceptionComesOutOfTheAwait) {
  const SystemClock clock;
  Loop loop(clock);
  BlockingPool pool(1, 10);
  EXPECT_EQ(run(loop, throws_there(loop, pool)), 2);
}

Task<Result<>> wait_for(Loop& loop, BlockingPool& pool, std::shared_ptr<std::atomic<bool>> gate) {
  auto call = pool.run(loop, [gate]() -> Result<> {
    gate->wait(false);
    return {};
  });
  auto result = co_await call;
  co_return result;
}

TEST(BlockingPool, AFullQueueRefusesInsteadOfWaiting) {
  const SystemClock clock;
  Loop loop(clock);
  BlockingPool pool(1, 2);
  auto gate = std::make_shared<std::atomic<bool>>(false);
  std::optional<Result<>> results[8];
  for (auto& result : results) start(loop, wait_for(loop, pool, gate), result);
  int refused = 0;
  for (const auto& result : results) {
    if (result && !*result) ++refused;
  }
  EXPECT_GE(refused, 5);  // one may run already, two wait
  gate->store(true);
  gate->notify_all();
  turn_until(loop, [&] { return std::ranges::all_of(results, [](const auto& r) { return r.has_value(); }); });
}

TEST(BlockingPool, ACancelledCallerAndALoopThatIsGoneAreNotResumed) {
  const SystemClock clock;
  BlockingPool pool(1, 10);
  auto gate = std::make_shared<std::atomic<bool>>(false);
  std::optional<Result<>> result;
  {
    Loop loop(clock);
    start(loop, wait_for(loop, pool, gate), result);
    start(loop, wait_for(loop, pool, gate), result);
    loop.cancel_tasks();
  }
  gate->store(true);
  gate->notify_all();
  EXPECT_FALSE(result);
}

// Jobs of callers that hold their thread until they are let go, and note that they began.
class CallersOfAPool : public ::testing::Test {
 protected:
  std::optional<BlockingPool::QueueFull> submit(BlockingPool& pool, std::string caller) {
    const auto queued = pool.submit(
        [this, caller] {
          {
            const std::lock_guard lock(mutex_);
            begun_.push_back(caller);
          }
          begins_.release();
          go_.acquire();
        },
        caller);
    return queued ? std::nullopt : std::optional(queued.error());
  }
  std::vector<std::string> await_begins(int count) {
    for (int i = 0; i < count; ++i) begins_.acquire();
    const std::lock_guard lock(mutex_);
    return begun_;
  }

  std::mutex mutex_;
  std::vector<std::string> begun_;
  std::counting_semaphore<> begins_{0}, go_{0};
};

TEST_F(CallersOfAPool, HaveTurnsHoweverManyJobsOneOfThemHas) {
  BlockingPool pool(PoolShares{1, 16, 1, 8});
  ASSERT_FALSE(submit(pool, "mallory"));
  await_begins(1);
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(submit(pool, "mallory"));
  ASSERT_FALSE(submit(pool, "ann"));
  ASSERT_FALSE(submit(pool, ""));
  go_.release(6);
  EXPECT_EQ(await_begins(5),
            (std::vector<std::string>{"mallory", "mallory", "ann", "", "mallory", "mallory"}));
}

TEST_F(CallersOfAPool, HoldTheirShareOfTheThreadsAndOthersContinue) {
  BlockingPool pool(PoolShares{3, 16, 2, 8});
  for (int i = 0; i < 5; ++i) ASSERT_FALSE(submit(pool, "mallory"));
  await_begins(2);
  ASSERT_FALSE(submit(pool, "ann"));
  EXPECT_EQ(await_begins(1), (std::vector<std::string>{"mallory", "mallory", "ann"}));
  go_.release(6);
  await_begins(3);
}

TEST_F(CallersOfAPool, FillOnlyTheirOwnPlaces) {
  BlockingPool pool(PoolShares{1, 4, 1, 2});
  ASSERT_FALSE(submit(pool, "mallory"));
  await_begins(1);
  EXPECT_FALSE(submit(pool, "mallory"));
  EXPECT_FALSE(submit(pool, "mallory"));
  EXPECT_EQ(submit(pool, "mallory"), BlockingPool::QueueFull::share);
  EXPECT_FALSE(submit(pool, "ann"));
  EXPECT_FALSE(submit(pool, "bob"));
  EXPECT_EQ(submit(pool, "eve"), BlockingPool::QueueFull::all);
  EXPECT_EQ(submit(pool, ""), BlockingPool::QueueFull::all);
  go_.release(5);
  await_begins(4);
}

TEST_F(CallersOfAPool, AreRunToTheEndWhenThePoolEnds) {
  {
    BlockingPool pool(PoolShares{2, 16, 1, 8});
    for (int i = 0; i < 4; ++i) ASSERT_FALSE(submit(pool, "ann"));
    go_.release(4);
  }
  EXPECT_EQ(await_begins(4).size(), 4U);
}

TEST(Resolve, AnAddressIsItselfAndANameIsLookedUp) {
  const SystemClock clock;
  Loop loop(clock);
  BlockingPool pool(1, 10);
  EXPECT_EQ(run(loop, resolve(loop, pool, "10.1.2.3")).value(), std::vector{*IpAddress::parse("10.1.2.3")});
  const auto local = run(loop, resolve(loop, pool, "localhost"));
  ASSERT_TRUE(local) << local.error().text;
  EXPECT_TRUE(local->front().is_loopback());
  EXPECT_FALSE(run(loop, resolve(loop, pool, "no such name.invalid")));
}

TEST(WorkerGroup, EachWorkerRunsOnItsThreadAndItsStateEndsThere) {
  const SystemClock clock;
  struct State {
    std::thread::id born = std::this_thread::get_id();
    std::atomic<int>& wrong;
    ~State() {
      if (born != std::this_thread::get_id()) ++wrong;
    }
  };
  std::atomic<int> wrong = 0;
  std::atomic<int> told = 0;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  {
    WorkerGroup group(clock, 3, Pinning::one_core_each, [&](Loop&, std::size_t) {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      return std::make_shared<State>(State{.wrong = wrong});
    });
    EXPECT_EQ(group.size(), 3U);
    group.post_all([&](Loop&, std::size_t) {
      ++told;
      told.notify_all();
    });
    for (int seen = told; seen < 3; seen = told) told.wait(seen);
  }
  EXPECT_EQ(threads.size(), 3U);
  EXPECT_EQ(wrong, 0);
}

// Every worker listens on the same port; connections of another thread reach them and are answered.
Task<void> answer(StreamPtr stream) {
  auto written = co_await stream->write(std::string_view("hello"));
  if (!written) co_return;
  auto closing = close(std::move(stream), Timer::kNever);
  co_await closing;
}
Task<void> accept_all(Loop& loop, std::shared_ptr<Listener> listener) {
  for (;;) {
    auto accepted = co_await listener->accept();
    if (!accepted) co_return;
    spawn(loop, answer(std::make_unique<Stream>(loop, std::move(accepted->socket), accepted->peer)));
  }
}
Task<bool> call(Loop& loop, Endpoint endpoint) {
  auto stream = co_await connect(loop, endpoint, Timer::kNever);
  if (!stream) co_return false;
  auto reading = testing::read_all(**stream);
  auto all = co_await reading;
  co_return all == "hello";
}

TEST(WorkerGroup, SharesAPort) {
  const SystemClock clock;
  Loop loop(clock);
  auto reserve = Listener::open(loop, testing::loopback());
  ASSERT_TRUE(reserve);
  const Endpoint endpoint = (*reserve)->endpoint();
  WorkerGroup group(clock, 2, Pinning::none, [&](Loop& worker, std::size_t) -> std::shared_ptr<void> {
    auto listener = Listener::open(worker, endpoint);
    if (!listener) throw std::runtime_error(listener.error().text);
    std::shared_ptr<Listener> shared = std::move(*listener);
    spawn(worker, accept_all(worker, shared));
    return nullptr;
  });
  reserve->reset();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(run(loop, call(loop, endpoint)));
}

}  // namespace
}  // namespace gatehouse::net
