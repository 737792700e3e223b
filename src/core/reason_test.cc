#include "core/reason.h"

#include <set>

#include <gtest/gtest.h>

#include "core/identity.h"
#include "core/verdict.h"

namespace gatehouse {
namespace {

TEST(Reasons, EachHasItsOwnName) {
  std::set<std::string_view> names;
  for (const ReasonFacts& facts : every_reason()) EXPECT_TRUE(names.insert(facts.name).second) << facts.name;
}

TEST(Reasons, EveryAnswerIsAnError) {
  for (const ReasonFacts& facts : every_reason()) {
    EXPECT_GE(text_of(facts.answer).status, 400U) << facts.name;
    EXPECT_FALSE(text_of(facts.answer).error.view().empty());
  }
}

TEST(Reasons, ADefaultRefusalIsTheLeastSpecific) {
  EXPECT_EQ(Refusal().answer, RefusalAnswer::internal_error);
  EXPECT_EQ(text_of(Refusal().answer).status, 500U);
}

TEST(Permissions, AnEmptySetPermitsNothing) {
  EXPECT_FALSE(PermissionSet().contains(0));
  EXPECT_FALSE(PermissionSet(3).contains(2));
  EXPECT_FALSE(PermissionSet(3).contains(1000));
}

}  // namespace
}  // namespace gatehouse
