#include <array>

#include <benchmark/benchmark.h>

#include "store/limiter.h"

namespace gatehouse::store {
namespace {

Limiter& shared() {
  static SystemEntropy entropy;
  static Limiter limiter(entropy);
  return limiter;
}

const LimitRule kPerAddress{.id = 1, .rate = {120, std::chrono::minutes{1}}, .burst = 40};
const LimitRule kPerPrincipal{
    .id = 2, .rate = {1'000'000'000, std::chrono::seconds{1}}, .burst = 1'000'000'000};

template <typename Number>
std::string_view bytes_of(const Number& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

void one(benchmark::State& bench, const LimitRule& rule, std::uint64_t keys) {
  Limiter& limiter = shared();
  std::uint64_t number = static_cast<std::uint64_t>(bench.thread_index()) * 7919;
  LimitState state;
  auto now = SystemClock{}.monotonic();
  for (auto _ : bench) {
    number = (number * 6364136223846793005U + 1442695040888963407U);
    const std::uint64_t key = (number >> 20U) % keys;
    const LimitClaim claim{&rule, bytes_of(key), 1};
    now += std::chrono::nanoseconds{100};
    benchmark::DoNotOptimize(limiter.take({&claim, 1}, now, {&state, 1}));
  }
  bench.counters["forgotten"] = static_cast<double>(limiter.forgotten());
}

void AllowedOnOneKey(benchmark::State& bench) { one(bench, kPerPrincipal, 1); }
void RefusedOnOneKey(benchmark::State& bench) { one(bench, kPerAddress, 1); }
void ThousandKeys(benchmark::State& bench) { one(bench, kPerPrincipal, 1000); }
void TenMillionDistinctAddresses(benchmark::State& bench) { one(bench, kPerAddress, 10'000'000); }
BENCHMARK(AllowedOnOneKey)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(RefusedOnOneKey)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(ThousandKeys)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(TenMillionDistinctAddresses)->ThreadRange(1, 2)->UseRealTime();

void TwoLimitsAtOnce(benchmark::State& bench) {
  Limiter& limiter = shared();
  const std::array<LimitClaim, 2> claims{
      {{&kPerPrincipal, "203.0.113.9", 1}, {&kPerPrincipal, "partner:acme", 1}}};
  std::array<LimitState, 2> states;
  const auto now = SystemClock{}.monotonic();
  for (auto _ : bench) benchmark::DoNotOptimize(limiter.take(claims, now, states));
}
BENCHMARK(TwoLimitsAtOnce);

}  // namespace
}  // namespace gatehouse::store
