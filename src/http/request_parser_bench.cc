#include <string>

#include <benchmark/benchmark.h>

#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

std::string typical_request() {
  return "GET /v1/customers/83fd/orders/42?expand=lines&limit=20 HTTP/1.1\r\n"
         "Host: api.example.com\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0\r\n"
         "Accept: application/json, text/plain, */*\r\n"
         "Accept-Encoding: gzip, deflate, br\r\n"
         "Accept-Language: en-GB,en;q=0.9\r\n"
         "Authorization: Bearer " +
         std::string(700, 'e') +
         "\r\n"
         "Connection: keep-alive\r\n"
         "X-Request-Id: 01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11\r\n"
         "\r\n";
}

void BM_ParseATypicalRequest(benchmark::State& state) {
  const std::string bytes = typical_request();
  RequestParser parser;
  RequestHead head;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(bytes, head));
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}
BENCHMARK(BM_ParseATypicalRequest);

void BM_ParseASmallRequest(benchmark::State& state) {
  const std::string bytes = "GET /orders/42 HTTP/1.1\r\nHost: api.example.com\r\nAccept: */*\r\n\r\n";
  RequestParser parser;
  RequestHead head;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(bytes, head));
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(BM_ParseASmallRequest);

}  // namespace
}  // namespace gatehouse::http
