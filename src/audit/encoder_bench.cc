#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "audit/encoder.h"
#include "audit/event_testing.h"

namespace gatehouse::audit {
namespace {

// One event with a token of 700 bytes in the request.
void OneEvent(benchmark::State& bench) {
  const std::string token(700, 'x');
  const std::string_view credentials[] = {token};
  Event event = sample_event();
  event.credentials = credentials;
  std::string out;
  for (auto _ : bench) {
    if (out.size() > (1U << 16U)) out.clear();
    append_event(out, event);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(OneEvent);

// One event of a request whose head of 16 KiB is as bad as it can be: many cookies, and a path of escapes.
void OneEventOfTheWorstHead(benchmark::State& bench) {
  std::vector<std::string> cookies;
  for (int i = 0; i < 790; ++i) cookies.push_back("aaaaaaaa" + std::to_string(i));
  const std::vector<std::string_view> credentials(cookies.begin(), cookies.end());
  std::string path;
  while (path.size() < std::size_t{6} << 10U) path += "%61";
  const Attribute resource[] = {{"id", path}};
  Event event;
  event.method = "GET";
  event.resource = resource;
  event.credentials = credentials;
  std::string out;
  for (auto _ : bench) {
    out.clear();
    append_event(out, event);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(OneEventOfTheWorstHead);

}  // namespace
}  // namespace gatehouse::audit
