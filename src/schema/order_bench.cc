// A realistic order of 1 KiB: parsed, checked, and both. tests/bench/ajv.mjs times ajv on the same files.
//   build/release/schema_bench          (from the repository's root)
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "json/parser.h"
#include "schema/compiler.h"

namespace gatehouse::schema {
namespace {

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(std::string("run this from the repository's root: no ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Order {
  std::string text = read("tests/data/order.json");
  json::Parser parser;
  json::Document document;
  std::shared_ptr<const Schema> schema;

  Order() {
    constexpr std::string_view kUri = "file:///order.schema.json";
    json::Document source;
    if (!parser.parse(read("tests/data/order.schema.json"), source)) throw std::runtime_error("not JSON");
    Compiler compiler({.formats = Formats::assert, .sealing = Sealing::sealed, .caps = Caps{}});
    compiler.add(kUri, source.root());
    schema = compiler.compile(kUri, source.root(), Direction::input).value();
    if (!parser.parse(text, document) || !schema->accepts(document.root()))
      throw std::runtime_error("not valid");
  }
};

void parse(benchmark::State& state) {
  Order order;
  for (auto _ : state) benchmark::DoNotOptimize(order.parser.parse(order.text, order.document));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * order.text.size()));
}
BENCHMARK(parse);

void check(benchmark::State& state) {
  Order order;
  for (auto _ : state) benchmark::DoNotOptimize(order.schema->accepts(order.document.root()));
}
BENCHMARK(check);

void parse_and_check(benchmark::State& state) {
  Order order;
  for (auto _ : state) {
    benchmark::DoNotOptimize(order.parser.parse(order.text, order.document));
    benchmark::DoNotOptimize(order.schema->accepts(order.document.root()));
  }
}
BENCHMARK(parse_and_check);

}  // namespace
}  // namespace gatehouse::schema
