#include "policy/cache_control.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

TEST(CacheControl, TakesTheDirectivesOfAnswers) {
  for (const char* const text : {"no-store", "private, max-age=60", "public,s-maxage=0 , must-revalidate",
                                 "no-cache", "max-age=31536000, immutable", "max-age=1, stale-if-error=60"}) {
    EXPECT_EQ(cache_control_fault(text), std::nullopt) << text;
  }
}

TEST(CacheControl, TakesNoOtherText) {
  for (const char* const text :
       {"whatever is good", "", "no-store,", ",", "max-age", "max-age=", "max-age=-1", "max-age=1h",
        "max-age=60; private", "No-Store", "private=x", "upstrem", "max-age=99999999999",
        "no-store, max-age=60", "public no-store"}) {
    EXPECT_NE(cache_control_fault(text), std::nullopt) << text;
  }
  EXPECT_THAT(*cache_control_fault("max-age=1h"), ::testing::HasSubstr("needs whole seconds"));
}

}  // namespace
}  // namespace gatehouse::policy
