// The cost of resetting an exchange for the next request.

#include <benchmark/benchmark.h>

#include "gate/respond.h"

namespace gatehouse::gate {
namespace {

void BM_Begin(benchmark::State& state) {
  const auto policy = std::make_shared<const policy::PolicySet>();
  const Peer peer;
  Exchange exchange;
  for (auto _ : state) {
    exchange.begin(policy, peer);
    exchange.detail = "a text that is longer than what fits into a string itself";
    exchange.credentials.push_back("token");
    exchange.limits.push_back({});
    exchange.id.emplace();
    benchmark::DoNotOptimize(respond(exchange, Refusal(Reason::no_such_operation)));
    benchmark::DoNotOptimize(exchange);
  }
}
BENCHMARK(BM_Begin);

}  // namespace
}  // namespace gatehouse::gate
