#include "net/notifier.h"

#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/signal.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<void> wait_once(Loop& loop, Notifier& notifier, std::uint64_t seen, MonotonicTime until,
                     std::optional<bool>& out) {
  out = co_await notifier.wait(loop, seen, until);
}

class Notifiers : public ::testing::Test {
 protected:
  void turn() {
    for (int i = 0; i < 4; ++i) loop_.poll();
  }
  Task<void> waiting(std::uint64_t seen, std::optional<bool>& out, MonotonicTime until = Timer::kNever) {
    return wait_once(loop_, *notifier_, seen, until, out);
  }

  ManualClock clock_;
  Loop loop_{clock_};
  std::optional<Notifier> notifier_{std::in_place};
};

TEST_F(Notifiers, ResumeAllWaiters) {
  std::optional<bool> one, other;
  spawn(loop_, waiting(0, one));
  spawn(loop_, waiting(0, other));
  turn();
  EXPECT_FALSE(one || other);
  notifier_->notify();
  EXPECT_FALSE(one || other) << "nothing goes on within notify()";
  turn();
  EXPECT_EQ(one, true);
  EXPECT_EQ(other, true);
}

TEST_F(Notifiers, DoNotWaitForAChangeSinceTheLastLook) {
  const std::uint64_t seen = notifier_->version();
  notifier_->notify();
  std::optional<bool> out;
  spawn(loop_, waiting(seen, out));
  EXPECT_EQ(out, true);
  std::optional<bool> later;
  spawn(loop_, waiting(notifier_->version(), later));
  turn();
  EXPECT_FALSE(later);
}

TEST_F(Notifiers, StopWaitingAtTheDeadline) {
  std::optional<bool> out, past;
  spawn(loop_, waiting(0, out, loop_.now() + 3s));
  spawn(loop_, waiting(0, past, loop_.now()));
  EXPECT_EQ(past, false);
  clock_.advance(2s);
  turn();
  EXPECT_FALSE(out);
  clock_.advance(2s);
  turn();
  EXPECT_EQ(out, false);
  notifier_->notify();
  turn();
}

TEST_F(Notifiers, ForgetACoroutineThatIsDestroyedWhileItWaits) {
  std::optional<bool> before, after;
  Task<void> one = waiting(0, before);
  Task<void> other = waiting(0, after);
  start(one);
  start(other);
  one.reset();
  notifier_->notify();
  other.reset();  // notified, but not resumed yet
  turn();
  EXPECT_FALSE(before || after);
}

TEST_F(Notifiers, MayGoWhileACoroutineWaits) {
  std::optional<bool> out;
  spawn(loop_, waiting(0, out, loop_.now() + 3s));
  notifier_.reset();
  clock_.advance(4s);
  turn();
  EXPECT_EQ(out, false);
}

// Every change that another thread makes before notify() is seen, and no wait is for ever.
Task<void> follow(Loop& loop, Notifier& notifier, const std::atomic<int>& value, int last) {
  for (;;) {
    const std::uint64_t seen = notifier.version();
    if (value.load() == last) break;
    co_await notifier.wait(loop, seen);
  }
  loop.stop();
}

TEST_F(Notifiers, MissNoChangeOfAnotherThread) {
  constexpr int kChanges = 2000;
  std::atomic<int> value{0};
  spawn(loop_, follow(loop_, *notifier_, value, kChanges));
  std::thread other([&] {
    for (int i = 0; i < kChanges; ++i) {
      ++value;
      notifier_->notify();
    }
  });
  loop_.run();
  other.join();
}

}  // namespace
}  // namespace gatehouse::net
