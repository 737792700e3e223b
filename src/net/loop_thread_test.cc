#include "net/loop_thread.h"

#include <future>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "net/notifier.h"

namespace gatehouse::net {
namespace {

// Says on which thread it was destroyed.
struct Mourned {
  std::promise<std::thread::id>& out;
  ~Mourned() { out.set_value(std::this_thread::get_id()); }
};

Task<void> wait_for_ever(Loop& loop, std::promise<std::thread::id>& begun,
                         std::promise<std::thread::id>& destroyed) {
  const Mourned mourned{destroyed};
  begun.set_value(std::this_thread::get_id());
  co_await sleep_until(loop, Timer::kNever);
}

TEST(LoopThread, RunsATaskOnItsThreadAndDestroysItThereWhenItsJobEnds) {
  const SystemClock clock;
  LoopThread background(clock);
  std::promise<std::thread::id> begun, destroyed;
  LoopThread::Job job = background.start([&](Loop& loop) { return wait_for_ever(loop, begun, destroyed); });
  const std::thread::id thread = begun.get_future().get();
  EXPECT_NE(thread, std::this_thread::get_id());
  auto end = destroyed.get_future();
  job.end();
  ASSERT_EQ(end.wait_for(std::chrono::seconds(0)), std::future_status::ready) << "when end() returns";
  EXPECT_EQ(end.get(), thread);
  job.end();
}

TEST(LoopThread, DestroysTheTasksThatAreLeftOnItsThread) {
  const SystemClock clock;
  std::promise<std::thread::id> begun, destroyed;
  LoopThread::Job outlives;
  {
    LoopThread background(clock);
    outlives = background.start([&](Loop& loop) { return wait_for_ever(loop, begun, destroyed); });
    auto started = begun.get_future();
    started.wait();
  }
  auto end = destroyed.get_future();
  ASSERT_EQ(end.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_NE(end.get(), std::this_thread::get_id());
  outlives.end();
}

TEST(LoopThread, AJobMayEndAfterItsTaskAndBeforeItHasBegun) {
  const SystemClock clock;
  LoopThread background(clock);
  for (int i = 0; i < 100; ++i) {
    LoopThread::Job job = background.start([](Loop&) -> Task<void> { co_return; });
    if (i % 2 == 0) job.end();
  }
  // Each ends before the next: the thread is there.
  std::promise<std::thread::id> begun, destroyed;
  const auto job = background.start([&](Loop& loop) { return wait_for_ever(loop, begun, destroyed); });
  begun.get_future().wait();
}

TEST(LoopThread, ContinuesAfterATaskThrows) {
  const SystemClock clock;
  LoopThread background(clock);
  const auto broken = background.start([](Loop&) -> Task<void> {
    throw std::runtime_error("a bug");
    co_return;
  });
  std::promise<std::thread::id> begun, destroyed;
  const auto job = background.start([&](Loop& loop) { return wait_for_ever(loop, begun, destroyed); });
  begun.get_future().wait();
}

}  // namespace
}  // namespace gatehouse::net
