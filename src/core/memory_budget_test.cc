#include "core/memory_budget.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(MemoryBudget, RefusesWhatGoesBeyondAndKeepsWhatIsHeld) {
  MemoryBudget budget;
  budget.bound(100);
  MemoryBudget::Lease first(budget);
  EXPECT_TRUE(first.grow(60));
  {
    MemoryBudget::Lease second(budget);
    EXPECT_TRUE(second.grow(40));
    EXPECT_FALSE(first.grow(1));
    EXPECT_FALSE(second.grow(UINT64_MAX)) << "no overflow";
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_EQ(budget.refused(), 2U);
  }
  EXPECT_EQ(budget.used(), 60U);
  EXPECT_TRUE(first.grow(40));
  first.release();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(MemoryBudget, ALeaseMovesWithWhatItHolds) {
  MemoryBudget budget;
  budget.bound(100);
  MemoryBudget::Lease kept;
  {
    MemoryBudget::Lease lease(budget);
    ASSERT_TRUE(lease.grow(70));
    kept = std::move(lease);
  }
  EXPECT_EQ(budget.used(), 70U);
  kept = MemoryBudget::Lease();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(MemoryBudget, IsNotExceededByThreadsThatTakeAtOnce) {
  MemoryBudget budget;
  budget.bound(1000);
  std::atomic<std::uint64_t> most{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20'000; ++round) {
        MemoryBudget::Lease lease(budget);
        std::uint64_t held = 0;
        while (lease.grow(90)) held += 90;
        std::uint64_t seen = most.load();
        while (held > seen && !most.compare_exchange_weak(seen, held)) {
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_LE(most.load(), 990U);
}

}  // namespace
}  // namespace gatehouse
