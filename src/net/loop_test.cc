#include "net/loop.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/manual_clock.h"
#include "net/testing.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, MessagesOfManyThreadsAllArriveInTheOrderOfEachThread) {
  const SystemClock clock;
  Loop loop(clock);
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  std::vector<int> last(kThreads, -1);
  int arrived = 0;
  bool in_order = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop.post([&, t, i] {
          in_order = in_order && last[static_cast<std::size_t>(t)] == i - 1;
          last[static_cast<std::size_t>(t)] = i;
          if (++arrived == kThreads * kEach) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arrived, kThreads * kEach);
  EXPECT_TRUE(in_order);
}

TEST(Loop, AMessageThatPostsIsFollowedInALaterTurn) {
  const SystemClock clock;
  Loop loop(clock);
  std::vector<int> log;
  loop.post([&] {
    loop.post([&] { log.push_back(2), loop.stop(); });
    log.push_back(1);
  });
  loop.run();
  EXPECT_EQ(log, (std::vector{1, 2}));
}

TEST(Loop, AMailboxOutlivesItsLoopAndSaysSo) {
  const SystemClock clock;
  std::shared_ptr<Mailbox> mailbox;
  auto witness = std::make_shared<int>(1);
  {
    Loop loop(clock);
    mailbox = loop.mailbox();
    EXPECT_TRUE(mailbox->post([witness] {}));
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1) << "what was not run is destroyed with the loop";
  EXPECT_FALSE(mailbox->post([witness] {}));
}

TEST(Loop, StopBeforeRunIsNotLost) {
  const SystemClock clock;
  Loop loop(clock);
  loop.stop();
  loop.run();
}

Task<void> note(Loop& loop, std::chrono::milliseconds after, std::vector<int>& log) {
  co_await sleep_for(loop, after);
  log.push_back(static_cast<int>(after.count()));
}

TEST(Loop, SleepersWakeInTheOrderOfTheClockThatIsTurnedByHand) {
  ManualClock clock;
  Loop loop(clock);
  std::vector<int> log;
  for (const int after : {30, 10, 20}) spawn(loop, note(loop, std::chrono::milliseconds(after), log));
  loop.poll();
  EXPECT_TRUE(log.empty());
  for (int i = 0; i < 30; ++i) {
    clock.advance(1ms);
    loop.poll();
  }
  EXPECT_EQ(log, (std::vector{10, 20, 30}));
}

Task<void> yielding(Loop& loop, int name, std::vector<int>& log) {
  for (int i = 0; i < 3; ++i) {
    log.push_back(name);
    co_await yield(loop);
  }
}

TEST(Loop, YieldGivesTheOthersTheirTurn) {
  const SystemClock clock;
  Loop loop(clock);
  std::vector<int> log;
  spawn(loop, yielding(loop, 1, log));
  spawn(loop, yielding(loop, 2, log));
  for (int i = 0; i < 4; ++i) loop.poll();
  EXPECT_EQ(log, (std::vector{1, 2, 1, 2, 1, 2}));
}

// Two descriptors have an event in the same batch. The watcher that is called first closes the other
// descriptor and opens a new one under the same number.
struct Rival final : Watcher {
  void on_events(std::uint32_t) override {
    ++told;
    if (other == nullptr || *victim < 0) return;
    loop->unwatch(*victim, *other);
    ::close(*victim);
    int fresh[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fresh), 0);
    reused = fresh[0] == *victim || fresh[1] == *victim;
    loop->watch(*victim, *newcomer);
    *victim = -1;
    *mine_safe = true;
  }
  Loop* loop = nullptr;
  Rival* other = nullptr;
  Rival* newcomer = nullptr;
  int* victim = nullptr;
  bool* mine_safe = nullptr;
  int told = 0;
  bool reused = false;
};

TEST(Loop, AnEventForADescriptorClosedInTheSameBatchIsDropped) {
  const SystemClock clock;
  Loop loop(clock);
  int a[2];
  int b[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
  Rival first;
  Rival second;
  Rival newcomer;
  bool done = false;
  first.loop = second.loop = &loop;
  first.other = &second;
  first.victim = &b[0];
  second.other = &first;
  second.victim = &a[0];
  first.mine_safe = second.mine_safe = &done;
  first.newcomer = second.newcomer = &newcomer;
  loop.watch(a[0], first);
  loop.watch(b[0], second);
  ASSERT_EQ(::write(a[1], "x", 1), 1);
  ASSERT_EQ(::write(b[1], "x", 1), 1);
  loop.poll();
  EXPECT_TRUE(done);
  EXPECT_EQ(first.told + second.told, 1);
  EXPECT_TRUE(first.reused || second.reused) << "the test needs the number to be taken again";
  EXPECT_EQ(newcomer.told, 0) << "the old event must not reach the new descriptor";
}

}  // namespace
}  // namespace gatehouse::net
