#include <benchmark/benchmark.h>

#include "cel/compile.h"
#include "cel/test_support.h"

namespace gatehouse::cel {
namespace {

void evaluate(benchmark::State& state, const char* text) {
  testing::Conditions conditions;
  const auto program = compile(text, conditions.environment);
  if (!program) {
    state.SkipWithError(program.error().front().message.c_str());
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(program->evaluate(conditions, conditions.scratch));
}

BENCHMARK_CAPTURE(evaluate, owner_or_role,
                  R"(resource.customer_id == principal.id || "auditor" in principal.roles)");
BENCHMARK_CAPTURE(evaluate, role_only, R"("auditor" in principal.roles)");
BENCHMARK_CAPTURE(evaluate, body_numbers, "request.body.quantity <= 10 && request.body.price * 2.0 < 100.0");
BENCHMARK_CAPTURE(evaluate, network, "cidr('10.0.0.0/8').containsIP(request.ip)");
BENCHMARK_CAPTURE(evaluate, claim_roles_exists,
                  "principal.claims.realm_access.roles.exists(r, r == 'auditor')");
BENCHMARK_CAPTURE(evaluate, literal_pattern, "request.body.email.matches('^[a-z]+@[a-z.]+$')");
BENCHMARK_CAPTURE(evaluate, rate_limit_key, "request.body.email.lowerAscii() + '|' + principal.id");

void compile_condition(benchmark::State& state) {
  const testing::Conditions conditions;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        compile(R"(resource.customer_id == principal.id || "auditor" in principal.roles)",
                conditions.environment, Type::boolean()));
  }
}
BENCHMARK(compile_condition);

}  // namespace
}  // namespace gatehouse::cel
