#include "client/backoff.h"

#include <gtest/gtest.h>

namespace gatehouse::client {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToItsBoundAndBeginsAnewAfterASuccess) {
  Backoff backoff(10s, 2min);
  for (const auto expected : {10s, 20s, 40s, 80s, 120s, 120s}) EXPECT_EQ(backoff.failed(), expected);
  backoff.succeeded();
  EXPECT_EQ(backoff.failed(), 10s);
}

TEST(Backoff, MayBeConstantAndDoesNotOverflow) {
  Backoff constant(2s, 2s);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(constant.failed(), 2s);
  Backoff longest(1ns, Nanoseconds::max());
  for (int i = 0; i < 200; ++i) EXPECT_GT(longest.failed(), 0ns);
}

}  // namespace
}  // namespace gatehouse::client
