#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "http/route_table.h"

namespace gatehouse::http {
namespace {

// The cost of finding is to be the same with 10 operations and with 10,000.
void BM_FindARoute(benchmark::State& state) {
  const auto operations = state.range(0);
  std::vector<Route> routes;
  for (std::int64_t i = 0; i < operations; i += 2) {
    const std::string base = "/v1/collection" + std::to_string(i) + "/{id}";
    routes.push_back({Method::get, base, "get" + std::to_string(i)});
    routes.push_back({Method::get, base + "/items/{item}", "item" + std::to_string(i)});
  }
  const auto table = RouteTable::build(routes);
  std::vector<std::string> paths;
  for (std::int64_t i = 0; i < 8; ++i) {
    paths.push_back("/v1/collection" + std::to_string(i * operations / 8 / 2 * 2) + "/83fd/items/42");
  }
  std::size_t next = 0;
  Captures captures;
  for (auto _ : state) {
    const auto match = table->find(Method::get, paths[next++ % paths.size()], captures);
    if (match.outcome != RouteOutcome::found) state.SkipWithError("not found");
    benchmark::DoNotOptimize(captures);
  }
}
BENCHMARK(BM_FindARoute)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000);

}  // namespace
}  // namespace gatehouse::http
