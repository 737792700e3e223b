#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "audit/encoder.h"

namespace gatehouse::audit {
namespace {

// One event with a token of 700 bytes in the request.
void OneEvent(benchmark::State& bench) {
  const std::string token(700, 'x');
  const std::string_view credentials[] = {token};
  const Attribute resource[] = {{"id", "42"}};
  Event event;
  event.time = WallTime{std::chrono::nanoseconds{1'763'892'904'182'913'555}};
  event.request_id = "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11";
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.client = *IpAddress::parse("203.0.113.9");
  event.method = "GET";
  event.route = "/orders/{id}";
  event.operation = "getOrder";
  event.resource = resource;
  event.user_id = "partner:acme";
  event.scheme = "partnerKey";
  event.credential_id = "abcdefghijkl";
  event.outcome = Outcome::allowed;
  event.status = 200;
  event.duration = std::chrono::microseconds{412};
  event.response_body_size = 142;
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
