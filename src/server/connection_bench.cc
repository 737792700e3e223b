// One request on a warm connection through every gate, with a target that answers at once.
//
// Instructions for each: what callgrind counts for 3,000 iterations less what it counts for 1,000, by 2,000.
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
      "Content-Length: 12\r\n\r\n{\"note\":\"a\"}"};
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
BENCHMARK(BM_Request)->Arg(0)->Arg(1);
BENCHMARK(BM_Request)->Arg(0)->Arg(1)->Iterations(1000);
BENCHMARK(BM_Request)->Arg(0)->Arg(1)->Iterations(3000);

}  // namespace
}  // namespace gatehouse::server::testing
