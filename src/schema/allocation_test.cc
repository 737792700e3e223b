// Checking a valid instance allocates nothing once a thread has warmed up.
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/allocations_testing.h"
#include "json/parser.h"
#include "schema/compiler.h"

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
  const std::size_t before = counted_allocations;
  for (int i = 0; i < 100; ++i) {
    if (!parser.parse(text, document) || !schema->check(document.root(), findings)) return 1;
  }
  return counted_allocations - before;
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

TEST(Allocation, NorDoesAnyFormatOfTextThatIsAscii) {
  const std::pair<const char*, const char*> formats[] = {{"date-time", "2026-03-14T09:26:53.5+01:00"},
                                                         {"date", "2026-03-14"},
                                                         {"time", "09:26:53Z"},
                                                         {"duration", "P1DT12H"},
                                                         {"email", "marie.rivet@mail.example.org"},
                                                         {"idn-email", "a@example.org"},
                                                         {"hostname", "a.example.org"},
                                                         {"idn-hostname", "a.example.org"},
                                                         {"ipv4", "192.0.2.1"},
                                                         {"ipv6", "2001:db8::192.0.2.1"},
                                                         {"uri", "https://u@a.example:8443/a/b?c=%20d#e"},
                                                         {"uri-reference", "../a?b"},
                                                         {"iri", "https://a.example/\u00e9"},
                                                         {"iri-reference", "/\u00e9"},
                                                         {"uri-template", "/orders/{id}{?q*}"},
                                                         {"uuid", "0b0f4f1e-5c3d-4e0a-9d57-6a2f1f0c7e21"},
                                                         {"json-pointer", "/a~1b/0"},
                                                         {"relative-json-pointer", "1/a"}};
  for (const auto& [format, text] : formats) {
    const std::string schema = std::string(R"({"format":")") + format + "\"}";
    EXPECT_EQ(allocations_of(schema, std::string("\"") + text + "\"", {.formats = Formats::assert}), 0U)
        << format;
  }
}

TEST(Allocation, NorDoApplicatorsPatternsAndWhatWasNotEvaluated) {
  std::string elements = "[";
  for (int i = 0; i < 100; ++i) elements += (i ? "," : "") + std::to_string(i) + ".5";
  EXPECT_EQ(allocations_of(R"({"prefixItems":[true],"contains":{"multipleOf":0.5},"unevaluatedItems":false})",
                           elements + "]", {}),
            0U);
  EXPECT_EQ(
      allocations_of(
          R"({"$defs":{"n":{"$dynamicAnchor":"n","properties":{"child":{"$dynamicRef":"#n"}}}},"$ref":"#/$defs/n",
                    "oneOf":[{"required":["a"]},{"if":{"required":["child"]},"then":{"properties":{"x":{"type":"null"}}},
                    "else":false}],"patternProperties":{"^(x|y)-[a-z]+$":{"pattern":"(a|b)+c?$"}},
                    "dependentSchemas":{"child":{"not":{"required":["b"]}}},"unevaluatedProperties":false})",
          R"({"child":{"child":{}},"x":null,"x-a":"xxab"})", {}),
      0U);
  EXPECT_EQ(
      allocations_of(
          R"({"oneOf":[{"$ref":"#/$defs/cat"},{"$ref":"#/$defs/dog"}],"discriminator":{"propertyName":"kind"},
                    "$defs":{"cat":{"properties":{"kind":{"const":"cat"}}},"dog":{"properties":{"kind":{"type":"string"}}}}})",
          R"({"kind":"cat"})", {.dialect = Dialect::openapi_3_1, .sealing = Sealing::sealed, .caps = Caps{}}),
      0U);
}

}  // namespace
}  // namespace gatehouse::schema
