// A typical condition allocates nothing.
#include <gtest/gtest.h>

#include "base/allocations_testing.h"
#include "cel/compile.h"
#include "cel/test_support.h"

#ifndef GATEHOUSE_SANITIZED

namespace gatehouse::cel {
namespace {

TEST(Evaluation, OfATypicalConditionAllocatesNothing) {
  testing::Conditions conditions;
  for (const char* text :
       {R"(resource.customer_id == principal.id || "auditor" in principal.roles)",
        R"("nobody" in principal.roles || resource.status in ["open", "held"])",
        "request.body.quantity <= 10 && request.body.price * 2.0 < 100.0",
        "cidr('10.0.0.0/8').containsIP(request.ip) && request.time > timestamp('2025-01-01T00:00:00Z')",
        "principal.claims.realm_access.roles.exists(r, r == 'auditor')",
        "request.body.email.endsWith('.example') && request.body.email.matches('^[a-z]+@')",
        "request.body.tags.map(t, t + '-' + principal.id).size() == 2"}) {
    const auto program = compile(text, conditions.environment, Type::boolean());
    ASSERT_TRUE(program) << text;
    EXPECT_TRUE(holds(program->evaluate(conditions, conditions.scratch))) << text;  // warms the scratch
    const std::size_t before = counted_allocations;
    const bool answer = holds(program->evaluate(conditions, conditions.scratch));
    EXPECT_EQ(counted_allocations, before) << text;
    EXPECT_TRUE(answer);
  }
}

}  // namespace
}  // namespace gatehouse::cel

#endif
