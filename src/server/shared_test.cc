#include "server/shared.h"

#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::server {
namespace {

const IpAddress kOne = *IpAddress::parse("203.0.113.9");
const IpAddress kOther = *IpAddress::parse("198.51.100.1");

TEST(ConnectionCounts, BoundWhatIsOpenInAllAndFromEachAddress) {
  ConnectionCounts counts;
  std::vector<ConnectionCounts::Ticket> open;
  for (int i = 0; i < 2; ++i) {
    auto ticket = counts.enter(3);
    ASSERT_TRUE(ticket && ticket->count(kOne, 2));
    open.push_back(*std::move(ticket));
  }
  {
    auto third = counts.enter(3);
    ASSERT_TRUE(third);
    EXPECT_FALSE(third->count(kOne, 2)) << "the address is at its bound";
    EXPECT_TRUE(third->count(kOther, 2));
    EXPECT_FALSE(counts.enter(3)) << "all are taken";
  }
  EXPECT_EQ(counts.open(), 2U);
  open.pop_back();
  auto again = counts.enter(3);
  EXPECT_TRUE(again && again->count(kOne, 2));
}

TEST(ConnectionCounts, TakeANetworkOfIpv6ForOneAddress) {
  ConnectionCounts counts;
  auto a = counts.enter(9);
  auto b = counts.enter(9);
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(a->count(*IpAddress::parse("2001:db8::1"), 1));
  EXPECT_FALSE(b->count(*IpAddress::parse("2001:db8::ffff:ffff"), 1));
  EXPECT_TRUE(b->count(*IpAddress::parse("2001:db8:0:1::1"), 1));
}

TEST(ConnectionCounts, CountUnderNoAddressUntilItIsKnown) {
  ConnectionCounts counts;
  std::vector<ConnectionCounts::Ticket> open;
  for (int i = 0; i < 5; ++i) open.push_back(*counts.enter(5));
  open.clear();
  EXPECT_EQ(counts.open(), 0U);
}

TEST(HealthRequests, AreToldOfOnceAMinute) {
  HealthRequests health;
  const MonotonicTime start{std::chrono::hours(1)};
  EXPECT_EQ(health.count(start), 1U);
  for (int second = 0; second < 60; second += 10)
    EXPECT_EQ(health.count(start + std::chrono::seconds(second)), std::nullopt) << second;
  EXPECT_EQ(health.count(start + std::chrono::minutes(1)), 7U);
  EXPECT_EQ(health.count(start + std::chrono::minutes(1)), std::nullopt);
  EXPECT_EQ(health.count(start + std::chrono::hours(1)), 2U);
}

}  // namespace
}  // namespace gatehouse::server
