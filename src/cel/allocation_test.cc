// A typical condition allocates nothing. This file replaces operator new for the whole test program, but not
// where a sanitizer does so itself.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/test_support.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_SANITIZED 1
#endif
#endif

#ifndef GATEHOUSE_SANITIZED

namespace {
std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
    const std::size_t before = allocations;
    const bool answer = holds(program->evaluate(conditions, conditions.scratch));
    EXPECT_EQ(allocations, before) << text;
    EXPECT_TRUE(answer);
  }
}

}  // namespace
}  // namespace gatehouse::cel

#endif
