#include "core/counted_memory.h"

#include <gtest/gtest.h>

#include "base/ip.h"
#include "core/caller_shares.h"
#include "core/identity.h"

namespace gatehouse {
namespace {

class CountedMemories : public ::testing::Test {
 protected:
  static FinishedIdentity principal(std::string id) {
    Identity identity;
    identity.kind = PrincipalKind::token;
    identity.scheme = "t";
    identity.id = std::move(id);
    return FinishedIdentity(std::move(identity));
  }
  Verdict<CountedMemory> copies(std::uint64_t bytes, std::string id = "ann") {
    return CountedMemory::of_copies(&shares_, principal(std::move(id)), here_, bytes);
  }

  const IpAddress here_ = *IpAddress::parse("192.0.2.1");
  std::shared_ptr<CallerShares> shares_ = std::make_shared<CallerShares>(100'000);
};

TEST_F(CountedMemories, CountAsLongAsTheyLiveWhereverTheyGo) {
  {
    CountedMemory kept;
    {
      auto taken = copies(10'000);
      ASSERT_TRUE(taken);
      kept = *std::move(taken);
    }
    EXPECT_EQ(shares_->used(), 10'000U);
    kept = *copies(20'000);
    EXPECT_EQ(shares_->used(), 20'000U) << "what it counted before is given back";
    kept = {};
    EXPECT_EQ(shares_->used(), 0U);
    kept = *copies(5'000);
  }
  EXPECT_EQ(shares_->used(), 0U);
}

TEST_F(CountedMemories, OutliveThoseWhoCount) {
  auto taken = copies(10'000);
  const std::weak_ptr<CallerShares> shares = shares_;
  shares_.reset();
  EXPECT_FALSE(shares.expired());
  taken = CountedMemory();
  EXPECT_TRUE(shares.expired());
}

TEST_F(CountedMemories, AreRefusedBeyondTheShareAndBeyondAll) {
  const auto half = copies(50'000);
  ASSERT_TRUE(half);
  const auto more = copies(5'000);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().reason, Reason::body_share);
  EXPECT_EQ(more.error().retry_after, std::chrono::seconds(1));
  const auto too_much = copies(60'000, "bob");
  ASSERT_FALSE(too_much);
  EXPECT_EQ(too_much.error().reason, Reason::bodies_overloaded);
  const auto answer = CountedMemory::of_answer(&shares_, principal("ann"), here_, 5'000);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::answers_overloaded);
  EXPECT_EQ(answer.error().retry_after, std::chrono::seconds(1));
  EXPECT_TRUE(copies(20'000, "bob")) << "another caller has a share";
  EXPECT_EQ(shares_->used(), 50'000U);
}

TEST_F(CountedMemories, AreNotCountedIfSmallOrWithoutShares) {
  const auto small = copies(CountedMemory::kSmallest);
  EXPECT_TRUE(small);
  EXPECT_EQ(shares_->used(), 0U);
  EXPECT_TRUE(CountedMemory::of_copies(nullptr, principal("ann"), here_, 1'000'000));
  shares_.reset();
  EXPECT_TRUE(copies(1'000'000));
}

}  // namespace
}  // namespace gatehouse
