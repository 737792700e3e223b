#include "app/proposed_reading.h"

#include <string>

#include <gtest/gtest.h>

#include "openapi/testing.h"

namespace gatehouse::app {
namespace {

// What is proposed for a document with this one query parameter.
ProposedReading reading_of(const std::string& parameter) {
  const openapi::Loaded loaded = openapi::load_text(
      R"({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/a": {"get": {"operationId": "a",
      "parameters": [)" +
      parameter + R"(], "responses": {"200": {"description": "ok"}}}}}})");
  return proposed_reading(loaded.api);
}
ProposedReading reading_of_query(const std::string& schema) {
  return reading_of(R"({"name": "q", "in": "query", "schema": )" + schema + "}");
}

TEST(ProposedReading, AsksAboutThePlusWhereAQueryHasFreeText) {
  for (const std::string schema :
       {R"({"type": "string"})", R"({"type": "string", "maxLength": 9})", R"({"type": ["string", "null"]})",
        R"({"type": "array", "items": {"type": "string"}})",
        R"({"type": "object", "additionalProperties": {"type": "string"}})",
        R"({"type": "object", "properties": {"name": {"type": "string"}}})"}) {
    const ProposedReading reading = reading_of_query(schema);
    EXPECT_EQ(reading.settings, "plus: space, ") << schema;
    ASSERT_EQ(reading.decisions.size(), 1U);
    EXPECT_TRUE(reading.decisions.front().starts_with("# DECIDE: ")) << reading.decisions.front();
  }
}

TEST(ProposedReading, AsksNothingWhereNoClientWritesASpace) {
  for (const std::string schema :
       {R"({"type": "integer"})", R"({"type": "boolean"})", R"({"type": "string", "enum": ["a", "b"]})",
        R"({"type": "string", "pattern": "^[a-z]+$"})", R"({"type": "string", "format": "uuid"})",
        R"({"type": "array", "items": {"type": "integer"}})"}) {
    const ProposedReading reading = reading_of_query(schema);
    EXPECT_EQ(reading.settings, "") << schema;
    EXPECT_TRUE(reading.decisions.empty()) << schema;
  }
  EXPECT_EQ(reading_of(R"({"name": "q", "in": "header", "schema": {"type": "string"}})").settings, "");
}

TEST(ProposedReading, AsksAboutExplodedObjects) {
  const ProposedReading reading = reading_of_query(
      R"({"type": "object", "properties": {"sort": {"type": "array", "items": {"type": "integer"}}}})");
  EXPECT_EQ(reading.settings, "deep: exploded, ");
  EXPECT_EQ(reading.decisions.size(), 1U);
}

}  // namespace
}  // namespace gatehouse::app
