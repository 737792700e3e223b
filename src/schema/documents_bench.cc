// Parsing and checking an order of 1 KiB, and instances of real documents' schemas. tests/bench/ajv.mjs cuts
// those out of npm packages, and times ajv beside this program on the same files.
//   build/release/schema_bench          (from the repository's root)
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "json/parser.h"
#include "schema/compiler.h"

namespace gatehouse::schema {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = ".schema.json";
constexpr std::string_view kInstance = ".json";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("run this from the repository's root: no " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Case {
  std::string text;
  json::Parser parser;
  json::Document document;
  std::shared_ptr<const Schema> schema;

  Case(const fs::path& schema_file, const fs::path& instance_file, const Options& options,
       std::string_view root)
      : text(read(instance_file)) {
    constexpr std::string_view kUri = "file:///schema.json";
    json::Document source;
    if (!parser.parse(read(schema_file), source, {.depth = 200})) throw std::runtime_error("not JSON");
    Compiler compiler(options);
    compiler.add(kUri, source.root(), root.empty() ? Contents::schema : Contents::openapi);
    auto compiled = compiler.compile(kUri, *source.root().pointer(root), Direction::any);
    if (!compiled) throw std::runtime_error(schema_file.string() + ": " + compiled.error().at(0).what);
    schema = *std::move(compiled);
    Findings findings;
    if (!parser.parse(text, document)) throw std::runtime_error(instance_file.string() + " is not JSON");
    if (!schema->check(document.root(), findings)) {
      throw std::runtime_error(instance_file.string() + ": " + findings[0].at + " " +
                               std::string(findings[0].rule));
    }
  }
};

void parse(benchmark::State& state, Case& one) {
  for (auto _ : state) benchmark::DoNotOptimize(one.parser.parse(one.text, one.document));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * one.text.size()));
}

void check(benchmark::State& state, Case& one) {
  for (auto _ : state) benchmark::DoNotOptimize(one.schema->accepts(one.document.root()));
}

void parse_and_check(benchmark::State& state, Case& one) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(one.parser.parse(one.text, one.document));
    benchmark::DoNotOptimize(one.schema->accepts(one.document.root()));
  }
}

void add(const std::string& name, std::shared_ptr<Case> one) {
  benchmark::RegisterBenchmark(("parse/" + name).c_str(),
                               [one](benchmark::State& state) { parse(state, *one); });
  benchmark::RegisterBenchmark(("check/" + name).c_str(),
                               [one](benchmark::State& state) { check(state, *one); });
  benchmark::RegisterBenchmark(("parse_and_check/" + name).c_str(),
                               [one](benchmark::State& state) { parse_and_check(state, *one); });
}

// The order as a request's body is checked; the others as they are written, as ajv checks them.
int add_all() {
  const Options sealed{.formats = Formats::assert, .sealing = Sealing::sealed, .caps = Caps{}};
  add("order", std::make_shared<Case>("tests/data/order.schema.json", "tests/data/order.json", sealed, ""));
  const fs::path folder = "build/bench/schemas";
  if (!fs::exists(folder)) return 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(kSchema)) continue;
    const std::string name = file.substr(0, file.size() - kSchema.size());
    const Options open{.dialect = Dialect::openapi_3_0, .formats = Formats::assert};
    add(name, std::make_shared<Case>(entry.path(), folder / (name + std::string(kInstance)), open, "/root"));
  }
  return 0;
}

const int kAdded = add_all();

}  // namespace
}  // namespace gatehouse::schema
