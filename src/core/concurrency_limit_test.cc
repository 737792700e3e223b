#include "core/concurrency_limit.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Concurrency, AsManyTicketsAsAllowedAndBackWhenTheyEnd) {
  ConcurrencyLimit limit(2);
  auto a = limit.enter();
  auto b = limit.enter();
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(limit.enter());
  a.reset();
  auto moved = std::move(b);
  EXPECT_EQ(limit.under_way(), 1U);
  EXPECT_TRUE(limit.enter());
  moved.reset();
  EXPECT_EQ(limit.under_way(), 0U);
  EXPECT_FALSE(ConcurrencyLimit(0).enter());
}

TEST(Concurrency, WorkersNeverExceedIt) {
  ConcurrencyLimit limit(3);
  std::atomic<int> inside{0};
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> workers;
  for (int i = 0; i < 6; ++i) {
    workers.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) {
        auto ticket = limit.enter();
        if (!ticket) continue;
        if (++inside > 3) exceeded = true;
        --inside;
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_FALSE(exceeded.load());
  EXPECT_EQ(limit.under_way(), 0U);
}

}  // namespace
}  // namespace gatehouse
