// One request on a warm connection through every gate, with a target that answers at once.
//
// Instructions per request: callgrind's count for 3,000 iterations minus its count for 1,000, divided by
// 2,000.
//
//   valgrind --tool=callgrind build/release/server_bench --benchmark_filter=Request/0/iterations:3000

#include <benchmark/benchmark.h>

#include "server/testing.h"

namespace gatehouse::server::testing {
namespace {

void BM_Request(benchmark::State& state) {
  constexpr std::string_view kRequests[] = {
      "GET /items HTTP/1.1\r\nHost: api.example\r\nAccept: application/json\r\n\r\n",
      "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
      "Content-Length: 12\r\n\r\n{\"note\":\"a\"}",
      // As Chromium sends it: eleven fields beside Host.
      "GET /items HTTP/1.1\r\nHost: api.example\r\n"
      "sec-ch-ua: \"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\n"
      "sec-ch-ua-platform: \"Linux\"\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
      "Safari/537.36\r\n"
      "Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
      "Referer: https://api.example/orders\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: de-CH,de;q=0.9,en;q=0.8\r\n\r\n"};
  const std::string_view request = kRequests[state.range(0)];
  TestServer server;
  TestClient client = server.connect();
  server.send(client, request);
  for (auto _ : state) {
    client.send(request);
    while (client.read() == 0) server.loop.poll();
    client.received.clear();
    server.events = {};
    server.backend.bodies.clear();
  }
}
BENCHMARK(BM_Request)->DenseRange(0, 2);
BENCHMARK(BM_Request)->DenseRange(0, 2)->Iterations(1000);
BENCHMARK(BM_Request)->DenseRange(0, 2)->Iterations(3000);

}  // namespace
}  // namespace gatehouse::server::testing
