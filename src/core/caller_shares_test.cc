#include "core/caller_shares.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/ip.h"
#include "core/identity.h"

namespace gatehouse {
namespace {

using Exhausted = CallerShares::Exhausted;

FinishedIdentity principal(std::string scheme, std::string id) {
  Identity identity;
  identity.kind = PrincipalKind::token;
  identity.scheme = std::move(scheme);
  identity.id = std::move(id);
  return FinishedIdentity(std::move(identity));
}

const IpAddress kHere = *IpAddress::parse("203.0.113.9");

// As many as `caller` gets, kept in `held`.
std::size_t take_all(CallerShares& shares, const FinishedIdentity& caller,
                     std::vector<CallerShares::Lease>& held, const IpAddress& address = kHere) {
  for (std::size_t count = 0;; ++count) {
    auto one = shares.take_one(caller, address);
    if (!one) return count;
    held.push_back(*std::move(one));
  }
}

// Why it did not grow; nothing where it did.
std::optional<Exhausted> exhausted(CallerShares::Lease& lease, std::uint64_t amount) {
  const auto grown = lease.grow(amount);
  return grown ? std::nullopt : std::optional(grown.error());
}

TEST(SharesOfCallers, LeaveHalfToTheOthersForAnyCaller) {
  CallerShares shares(256);
  std::vector<CallerShares::Lease> held;
  EXPECT_EQ(take_all(shares, principal("t", "greedy"), held), 128U);
  const auto refused = shares.take_one(principal("t", "greedy"), kHere);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Exhausted::share);
  EXPECT_EQ(take_all(shares, principal("t", "second"), held), 64U) << "half of what the first has left";
  EXPECT_TRUE(shares.take_one(principal("t", "third"), kHere));
}

TEST(SharesOfCallers, AreOneForACallerWithManyAddresses) {
  CallerShares shares(64);
  std::vector<CallerShares::Lease> held;
  EXPECT_EQ(take_all(shares, principal("t", "p"), held), 32U);
  EXPECT_FALSE(shares.take_one(principal("t", "p"), *IpAddress::parse("198.51.100.1")));
}

TEST(SharesOfCallers, AreByAddressForThoseWithoutACredentialAndByNetworkForIpv6) {
  CallerShares shares(64);
  std::vector<CallerShares::Lease> held;
  const FinishedIdentity nobody{Identity()};
  EXPECT_EQ(take_all(shares, nobody, held, *IpAddress::parse("2001:db8::1")), 32U);
  EXPECT_FALSE(shares.take_one(nobody, *IpAddress::parse("2001:db8::ffff:1"))) << "the same /64";
  EXPECT_TRUE(shares.take_one(nobody, *IpAddress::parse("2001:db8:0:1::1")));
  EXPECT_TRUE(shares.take_one(nobody, kHere));
}

TEST(SharesOfCallers, AreOneForAPrincipalWithSeveralSchemes) {
  CallerShares shares(1000);
  std::vector<CallerShares::Lease> held;
  take_all(shares, principal("keys", "partner:acme"), held);
  EXPECT_FALSE(shares.take_one(principal("tokens", "partner:acme"), kHere));
  EXPECT_TRUE(shares.take_one(principal("keys", "partner:other"), kHere));
  EXPECT_EQ(caller_name(principal("keys", "p"), kHere), caller_name(principal("tokens", "p"), kHere));
  EXPECT_NE(caller_name(principal("keys", "203.0.113.9"), kHere), caller_name({}, kHere));
}

TEST(SharesOfCallers, NameACallerByItsPrincipalOrElseByItsNetwork) {
  const IpAddress other = *IpAddress::parse("198.51.100.1");
  EXPECT_EQ(caller_name(principal("t", "p"), kHere), caller_name(principal("t", "p"), other));
  EXPECT_EQ(caller_name({}, kHere), "203.0.113.9");
  EXPECT_EQ(caller_name({}, *IpAddress::parse("2001:db8::ffff:1")),
            caller_name({}, *IpAddress::parse("2001:db8::2")));
}

TEST(SharesOfCallers, AreGivenBackAndReportExhaustion) {
  CallerShares shares(2);
  auto first = shares.take_one(principal("t", "a"), kHere);
  ASSERT_TRUE(first);
  auto second = shares.take_one(principal("t", "b"), kHere);
  ASSERT_TRUE(second);
  const auto third = shares.take_one(principal("t", "c"), kHere);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Exhausted::all);
  {
    const CallerShares::Lease ended = *std::move(first);
  }
  EXPECT_EQ(shares.used(), 1U);
  EXPECT_TRUE(shares.take_one(principal("t", "c"), kHere));
  EXPECT_EQ(shares.used(), 1U);
}

TEST(SharesOfCallers, GiveTheOnlyOneToTheCallerThatComesFirst) {
  CallerShares shares(1);
  const auto only = shares.take_one(principal("t", "a"), kHere);
  EXPECT_TRUE(only);
  const auto other = shares.take_one(principal("t", "a"), kHere);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), Exhausted::all);
}

// Eight uploads of one principal, each of which grows by doubling, as bodies do.
TEST(SharesOfCallers, OfBytesAreHalfForOneCallerHoweverManyRequestsItHas) {
  constexpr std::uint64_t kMost = 256 << 10;
  CallerShares shares(kMost);
  std::vector<CallerShares::Lease> uploads;
  std::uint64_t held = 0;
  for (int i = 0; i < 8; ++i) {
    auto& upload = uploads.emplace_back(shares.lease(principal("t", "greedy"), kHere));
    for (std::uint64_t more = 1024; upload.held() < kMost && !exhausted(upload, more); more = upload.held()) {
    }
    held += upload.held();
  }
  EXPECT_LE(held, kMost / 2 + 1);
  EXPECT_GE(held, kMost / 4);
  auto other = shares.lease(principal("t", "other"), kHere);
  EXPECT_EQ(exhausted(other, kMost / 4), std::nullopt) << "the other finds room";
  EXPECT_EQ(exhausted(uploads[0], kMost / 4), Exhausted::share) << "there is room, but not for this one";
  EXPECT_EQ(exhausted(other, kMost), Exhausted::all);
}

TEST(SharesOfCallers, RefuseMoreThanTheShareAndKeepTheHeldAmount) {
  CallerShares shares(200);
  auto first = shares.lease(principal("t", "a"), kHere);
  EXPECT_EQ(exhausted(first, 60), std::nullopt);
  {
    auto second = shares.lease(principal("t", "b"), kHere);
    EXPECT_EQ(exhausted(second, 70), std::nullopt);
    EXPECT_EQ(exhausted(second, 71), Exhausted::all);
    EXPECT_EQ(exhausted(second, 2), Exhausted::share);
    EXPECT_EQ(exhausted(first, UINT64_MAX), Exhausted::all) << "no overflow";
    EXPECT_EQ(shares.used(), 130U);
    EXPECT_EQ(shares.refused(), 3U);
  }
  EXPECT_EQ(shares.used(), 60U);
  EXPECT_EQ(exhausted(first, 40), std::nullopt);
  first.release();
  EXPECT_EQ(shares.used(), 0U);
}

TEST(SharesOfCallers, ALeaseMovesWithItsAmount) {
  CallerShares shares(200);
  CallerShares::Lease kept;
  {
    auto lease = shares.lease(principal("t", "a"), kHere);
    ASSERT_EQ(exhausted(lease, 70), std::nullopt);
    kept = std::move(lease);
  }
  EXPECT_EQ(shares.used(), 70U);
  kept = CallerShares::Lease();
  EXPECT_EQ(shares.used(), 0U);
  EXPECT_EQ(exhausted(kept, UINT64_MAX), std::nullopt) << "a lease of nothing";
}

TEST(SharesOfCallers, OfPlacesLeaveOneToTheOthersAndOutliveTheirOwner) {
  using Place = std::shared_ptr<const void>;
  // How many places one caller gets of so many, and whether another then finds one.
  const auto alone = [](std::uint64_t most) {
    const auto places = std::make_shared<CallerShares>(most);
    std::vector<Place> held;
    while (auto one = CallerShares::take_shared(places, principal("t", "greedy"), kHere, 1))
      held.push_back(*std::move(one));
    const bool another = CallerShares::take_shared(places, principal("t", "other"), kHere, 1).has_value();
    return std::pair(held.size(), another);
  };
  EXPECT_EQ(alone(1), std::pair(std::size_t{1}, false)) << "nothing to share";
  EXPECT_EQ(alone(2), std::pair(std::size_t{1}, true));
  EXPECT_EQ(alone(3), std::pair(std::size_t{2}, true));
  EXPECT_EQ(alone(8), std::pair(std::size_t{4}, true));

  auto places = std::make_shared<CallerShares>(2);
  auto place = CallerShares::take_shared(places, principal("t", "p"), kHere, 1);
  ASSERT_TRUE(place);
  const auto more = CallerShares::take_shared(places, principal("t", "p"), kHere, 1);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error(), Exhausted::share);
  const std::weak_ptr<CallerShares> seen = places;
  places.reset();
  EXPECT_FALSE(seen.expired()) << "the work still holds its place";
  place->reset();
  EXPECT_TRUE(seen.expired());
}

TEST(SharesOfCallers, AreNotExceededByThreadsThatTakeAtOnce) {
  constexpr std::uint64_t kMost = 1000;
  CallerShares shares(kMost);
  std::atomic<std::uint64_t> now{0}, most{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, caller = principal("t", i % 2 == 0 ? "even" : "odd")] {
      for (int round = 0; round < 20'000; ++round) {
        auto lease = shares.lease(caller, kHere);
        while (lease.grow(90)) {
          const std::uint64_t all = now.fetch_add(90) + 90;
          std::uint64_t seen = most.load();
          while (all > seen && !most.compare_exchange_weak(seen, all)) {
          }
        }
        now.fetch_sub(lease.held());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(shares.used(), 0U);
  EXPECT_LE(most.load(), kMost);
}

}  // namespace
}  // namespace gatehouse
