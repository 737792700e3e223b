#include <array>

#include <benchmark/benchmark.h>

#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

const std::string kDocument = R"(openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /orders/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
        - {name: q, in: query, schema: {type: string, maxLength: 100}}
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
        - {name: status, in: query, schema: {type: array, maxItems: 5, items: {enum: [open, paid, sent]}}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object, properties: {from: {type: string, format: date}, to: {type: string, format: date}}}}
        - {name: X-Trace, in: header, schema: {type: string, maxLength: 64}}
)";

void read(benchmark::State& state, std::string_view query) {
  const Loaded loaded = load_text(kDocument);
  const InputReader& reader = *loaded.api.operations.at(0).input;
  const std::array<std::string_view, 1> path = {"4711"};
  const Fields fields{{"X-Trace", "abc-123"}};
  InputMemory memory;
  json::Document values;
  schema::Findings findings;
  bool fine = true;
  for (auto _ : state) {
    fine = fine && reader.read({.path = path, .query = query, .headers = &fields}, memory, values, findings);
    benchmark::DoNotOptimize(values);
  }
  if (!fine) state.SkipWithError("refused");
}

void PathAndHeader(benchmark::State& state) { read(state, ""); }
BENCHMARK(PathAndHeader);
void PathHeaderAndTwoQueryValues(benchmark::State& state) { read(state, "q=red%20wine&limit=20"); }
BENCHMARK(PathHeaderAndTwoQueryValues);
void Everything(benchmark::State& state) {
  read(state, "q=red%20wine&limit=20&status=open&status=paid&filter[from]=2026-01-01&filter[to]=2026-02-01");
}
BENCHMARK(Everything);

}  // namespace
}  // namespace gatehouse::openapi
