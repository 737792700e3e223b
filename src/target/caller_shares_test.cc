#include "target/caller_shares.h"

#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::target {
namespace {

Identity principal(std::string scheme, std::string id) {
  Identity identity;
  identity.kind = PrincipalKind::token;
  identity.scheme = std::move(scheme);
  identity.id = std::move(id);
  return identity;
}

const IpAddress kHere = *IpAddress::parse("203.0.113.9");

// As many as `caller` gets, kept in `held`.
std::size_t take_all(CallerShares& shares, const Identity& caller, std::vector<CallerShares::Ticket>& held,
                     const IpAddress& address = kHere) {
  for (std::size_t count = 0;; ++count) {
    auto ticket = shares.take(caller, address);
    if (!ticket) return count;
    held.push_back(*std::move(ticket));
  }
}

TEST(CallerSharesOfAnUpstream, LeaveHalfToTheOthersWhateverOneCallerTakes) {
  CallerShares shares(256);
  std::vector<CallerShares::Ticket> held;
  EXPECT_EQ(take_all(shares, principal("t", "greedy"), held), 128U);
  const auto refused = shares.take(principal("t", "greedy"), kHere);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), CallerShares::Lack::share);
  EXPECT_EQ(take_all(shares, principal("t", "second"), held), 64U) << "half of what the first has left";
  EXPECT_TRUE(shares.take(principal("t", "third"), kHere));
}

TEST(CallerSharesOfAnUpstream, AreOneForACallerWhateverAddressItComesFrom) {
  CallerShares shares(64);
  std::vector<CallerShares::Ticket> held;
  EXPECT_EQ(take_all(shares, principal("t", "p"), held), 32U);
  EXPECT_FALSE(shares.take(principal("t", "p"), *IpAddress::parse("198.51.100.1")));
}

TEST(CallerSharesOfAnUpstream, AreByAddressForThoseWithoutACredentialAndByNetworkForIpv6) {
  CallerShares shares(64);
  std::vector<CallerShares::Ticket> held;
  const Identity nobody;
  EXPECT_EQ(take_all(shares, nobody, held, *IpAddress::parse("2001:db8::1")), 32U);
  EXPECT_FALSE(shares.take(nobody, *IpAddress::parse("2001:db8::ffff:1"))) << "the same /64";
  EXPECT_TRUE(shares.take(nobody, *IpAddress::parse("2001:db8:0:1::1")));
  EXPECT_TRUE(shares.take(nobody, kHere));
}

TEST(CallerSharesOfAnUpstream, DoNotTakeOneCallerForAnotherWhoseNamesJoinToTheSameText) {
  CallerShares shares(1000);
  std::vector<CallerShares::Ticket> held;
  take_all(shares, principal("a", "bc"), held);
  EXPECT_TRUE(shares.take(principal("ab", "c"), kHere));
  EXPECT_TRUE(shares.take(principal("", "abc"), kHere));
}

TEST(CallerSharesOfAnUpstream, AreGivenBackAndSayWhenNothingIsLeftForAnybody) {
  CallerShares shares(2);
  auto first = shares.take(principal("t", "a"), kHere);
  ASSERT_TRUE(first);
  auto second = shares.take(principal("t", "b"), kHere);
  ASSERT_TRUE(second);
  const auto third = shares.take(principal("t", "c"), kHere);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), CallerShares::Lack::all);
  {
    const CallerShares::Ticket ended = *std::move(first);
  }
  EXPECT_EQ(shares.in_use(), 1U);
  EXPECT_TRUE(shares.take(principal("t", "c"), kHere));
  EXPECT_EQ(shares.in_use(), 1U);
}

TEST(CallerSharesOfAnUpstream, GiveTheOnlyConnectionToWhoComesFirst) {
  CallerShares shares(1);
  const auto only = shares.take(principal("t", "a"), kHere);
  EXPECT_TRUE(only);
  const auto other = shares.take(principal("t", "a"), kHere);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), CallerShares::Lack::all);
}

}  // namespace
}  // namespace gatehouse::target
