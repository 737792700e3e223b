// Its own counting operator new: checking a valid instance allocates nothing once a thread has warmed up.
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "json/parser.h"
#include "schema/compiler.h"

namespace {
std::atomic<std::size_t> allocations{0};
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gatehouse::schema {
namespace {

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t allocations_of(const std::string& schema_text, const std::string& text, Options options) {
  constexpr std::string_view kUri = "file:///schema.json";
  json::Parser parser;
  json::Document source;
  json::Document document;
  EXPECT_TRUE(parser.parse(schema_text, source));
  Compiler compiler(options);
  compiler.add(kUri, source.root());
  const auto schema = compiler.compile(kUri, source.root()).value();
  Findings findings;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(parser.parse(text, document));
    EXPECT_TRUE(schema->check(document.root(), findings));
  }
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    if (!parser.parse(text, document) || !schema->check(document.root(), findings)) return 1;
  }
  return allocations - before;
}

TEST(Allocation, ParsingAndCheckingAnOrderAllocatesNothing) {
  const std::string order = read("tests/data/order.json");
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(allocations_of(read("tests/data/order.schema.json"), order,
                           {.formats = Formats::assert, .sealing = Sealing::sealed, .caps = Caps{}}),
            0U);
}

TEST(Allocation, NorDoLargeComposedObjectsAndUniqueItems) {
  std::string members = "{";
  std::string properties = "{";
  for (int i = 0; i < 200; ++i) {
    members += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":[1,2,3,4,5,6,7,8,9,10]";
    properties += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":{\"uniqueItems\":true}";
  }
  const std::string schema =
      R"({"anyOf":[{"properties":)" + properties + R"(}},{"required":["m7"]}],"type":"object"})";
  EXPECT_EQ(allocations_of(schema, members + "}", {.sealing = Sealing::sealed}), 0U);
}

}  // namespace
}  // namespace gatehouse::schema
