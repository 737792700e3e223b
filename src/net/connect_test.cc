// Connections that are opened and accepted.
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/stream.h"
#include "net/testing.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using testing::accept_one;
using testing::loopback;
using testing::run;
using testing::start;
using testing::turn_until;

class Connecting : public ::testing::Test {
 protected:
  ManualClock clock_;
  Loop loop_{clock_};
};

TEST_F(Connecting, ARefusedConnectionSaysSo) {
  std::uint16_t port = 0;
  {
    auto listener = Listener::open(loop_, loopback());
    ASSERT_TRUE(listener);
    port = (*listener)->endpoint().port;
  }
  const auto stream = run(loop_, connect(loop_, loopback(port), Timer::kNever));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::unavailable);
  EXPECT_EQ(stream.error().retry, Retry::yes);
}

TEST_F(Connecting, AnUnansweredConnectionTimesOut) {
  // A listener whose queue of one is full answers no further SYN.
  auto listener = Listener::open(loop_, loopback(), {.backlog = 0});
  ASSERT_TRUE(listener);
  std::optional<Result<StreamPtr>> filled[8];
  for (auto& one : filled) start(loop_, connect(loop_, (*listener)->endpoint(), loop_.now() + 1h), one);
  std::optional<Result<StreamPtr>> late;
  start(loop_, connect(loop_, (*listener)->endpoint(), loop_.now() + 1s), late);
  for (int i = 0; i < 20; ++i) loop_.poll();
  ASSERT_FALSE(late);
  clock_.advance(2s);
  loop_.poll();
  ASSERT_TRUE(late);
  ASSERT_FALSE(*late);
  EXPECT_EQ(late->error().code, ErrorCode::timeout);
}

TEST_F(Connecting, AClosedListenerReturnsItsAcceptedConnectionsAndThenEnds) {
  auto listener = Listener::open(loop_, loopback());
  ASSERT_TRUE(listener);
  const auto client = run(loop_, connect(loop_, (*listener)->endpoint(), Timer::kNever));
  ASSERT_TRUE(client);
  (*listener)->close();
  EXPECT_TRUE(run(loop_, accept_one(**listener)));
  EXPECT_EQ(run(loop_, accept_one(**listener)).error().code, ErrorCode::cancelled);
  EXPECT_FALSE(run(loop_, connect(loop_, (*listener)->endpoint(), Timer::kNever)));
}

TEST_F(Connecting, ClosingAListenerWakesItsWaiter) {
  auto listener = Listener::open(loop_, loopback());
  ASSERT_TRUE(listener);
  std::optional<Result<Accepted>> got;
  start(loop_, accept_one(**listener), got);
  loop_.poll();
  (*listener)->close();
  turn_until(loop_, [&] { return got.has_value(); });
  EXPECT_EQ(got->error().code, ErrorCode::cancelled);
}

TEST_F(Connecting, TwoListenersShareAPortAndAThirdAddressFamilyDoesNotMind) {
  auto first = Listener::open(loop_, loopback());
  ASSERT_TRUE(first);
  EXPECT_TRUE(Listener::open(loop_, (*first)->endpoint()));
  auto six = Listener::open(loop_, {*IpAddress::parse("::1"), 0});
  if (!six) GTEST_SKIP() << six.error().text;
  const auto stream = run(loop_, connect(loop_, (*six)->endpoint(), Timer::kNever));
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->peer().text(), "[::1]:" + std::to_string((*six)->endpoint().port));
}

}  // namespace
}  // namespace gatehouse::net
