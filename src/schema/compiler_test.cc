#include "schema/compiler.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parser.h"
#include "schema/testing.h"

namespace gatehouse::schema {
namespace {

using ::testing::ElementsAre;
using testing::findings;
using ::testing::HasSubstr;
using testing::hold;
using ::testing::IsEmpty;
using testing::kSealed;
using testing::kUri;
using testing::parsed;

TEST(Compiler, SaysWhereASchemaIsWrong) {
  const auto error = [](std::string_view schema) { return hold(schema, "1").error; };
  EXPECT_EQ(error(R"({"properties":{"a":{"maxLength":-1}}})"),
            "/properties/a/maxLength: maxLength must be an integer, zero or more");
  EXPECT_THAT(error(R"({"items":{"type":"strnig"}})"), HasSubstr("/items/type: type must be"));
  EXPECT_THAT(error(R"({"$ref":"#/nowhere"})"), HasSubstr("/$ref: \"#/nowhere\" has no target"));
  EXPECT_THAT(error(R"x({"pattern":"(?!a)b"})x"), HasSubstr("/pattern: pattern cannot be used: lookahead"));
  EXPECT_THAT(error(R"x({"pattern":"(a)\\1"})x"), HasSubstr("backreferences"));
  EXPECT_THAT(error(R"({"$schema":"https://unknown.invalid/","type":"null"})"), HasSubstr("is not known"));
  EXPECT_THAT(error("[]"), HasSubstr("a schema must be"));
  EXPECT_THAT(error(R"({"type":[]})"), HasSubstr("/type: type must name"));
  EXPECT_THAT(error(R"({"$anchor":"#a"})"), HasSubstr("/$anchor: $anchor must be a name"));
  EXPECT_THAT(error(R"({"$dynamicAnchor":1})"), HasSubstr("$dynamicAnchor must be a name"));
  EXPECT_THAT(error(R"({"$defs":{"a":{"$anchor":"x"},"b":{"$dynamicAnchor":"x"}}})"),
              HasSubstr("two schemas"));
  EXPECT_THAT(error(R"({"$defs":[]})"), HasSubstr("$defs must be an object"));
  EXPECT_THAT(error(R"({"multipleOf":0})"), HasSubstr("above zero"));
}

TEST(Compiler, CyclesThatConsumeNothingAreRefusedAndOthersWork) {
  EXPECT_THAT(hold(R"({"$ref":"#"})", "1").error, HasSubstr("without end"));
  EXPECT_THAT(hold(R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#"}]}}})", "1").error,
              HasSubstr("without end"));
  EXPECT_THAT(hold(R"({"not":{"$ref":"#"}})", "1").error, HasSubstr("without end"));
  EXPECT_THAT(
      findings(R"({"type":"object","properties":{"next":{"$ref":"#"}}})", R"({"next":{"next":{"next":1}}})"),
      ElementsAre("/next/next/next type"));
}

TEST(Compiler, HostileSchemasCostBoundedTimeAndStack) {
  // A chain of 20,000 references, and a composition that doubles at each of 60 levels.
  std::string chain = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 20'000; ++i) {
    chain +=
        "\"d" + std::to_string(i) + R"(":{"minimum":0,"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"},";
  }
  chain += R"("d20000":{}}})";
  EXPECT_THAT(hold(chain, "1").error, HasSubstr("too many schemas"));
  std::string doubling = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 60; ++i) {
    const std::string next = "{\"$ref\":\"#/$defs/d" + std::to_string(i + 1) + "\"}";
    doubling += "\"d" + std::to_string(i) + "\":{\"allOf\":[" + next + "," + next + "]},";
  }
  doubling += R"("d60":{"type":"number"}}})";
  EXPECT_THAT(findings(doubling, "1"), IsEmpty());
  EXPECT_THAT(findings(doubling, "null"), ElementsAre(" type"));
  EXPECT_THAT(hold(R"({"not":)" + doubling + "}", "1").error, HasSubstr("has no target"));
  EXPECT_THAT(hold(R"({"pattern":"((a{1000}){1000}){1000}"})", "1").error, HasSubstr("too large"));
}

TEST(Compiler, AllPatternsTogetherAreBounded) {
  std::string many = R"({"allOf":[)";
  for (int i = 0; i < 200; ++i) many += R"({"pattern":"[\\p{L}\\p{N}]{190}x)" + std::to_string(i) + "\"},";
  EXPECT_THAT(hold(many + "{}]}", "1").error, HasSubstr("all patterns together are too large"));
}

// Work that grows with the square of the members would take minutes here.
TEST(Compiler, LargeSchemasCostNoSquare) {
  std::string wide = R"({"type":"object","properties":{)";
  for (int i = 0; i < 50'000; ++i) wide += "\"p" + std::to_string(i) + R"(":{"type":"string"},)";
  Options capped = kSealed;
  capped.caps = Caps{};
  const auto outcome = hold(wide + R"("last":{}}})", R"({"p7":"a","q":1})", capped);
  EXPECT_THAT(outcome.findings, ElementsAre(" additionalProperties"));
  EXPECT_EQ(outcome.weak.size(), 50'001U);
  std::string arrays = R"({"enum":[)";
  for (int i = 0; i < 50'000; ++i) arrays += "[" + std::to_string(i) + "],";
  EXPECT_THAT(findings(arrays + "1]}", "[7]"), IsEmpty());
}

TEST(Compiler, WhatGoesBeyondTheBudgetIsRefusedEvenUnderNot) {
  const std::string text = '"' + std::string(60'000, 'a') + '"';
  constexpr std::string_view kPattern = R"x({"pattern":"((a{0,10}){0,10}){0,10}b"})x";
  EXPECT_FALSE(findings(kPattern, text).empty());
  EXPECT_THAT(findings(R"({"not":)" + std::string(kPattern) + "}", text), ElementsAre(" complexity"));
}

TEST(UniqueItems, LargeArraysCostNoSquare) {
  std::string many = "[";
  for (int i = 0; i < 100'000; ++i) many += "{\"a\":" + std::to_string(i) + "},";
  EXPECT_THAT(findings(R"({"uniqueItems":true})", many + "0]"), IsEmpty());
  EXPECT_THAT(findings(R"({"uniqueItems":true})", many + "{\"a\":7.0}]"), ElementsAre(" uniqueItems"));
}

TEST(Shapes, FollowReferencesAndAllOf) {
  const json::Document document = parsed(
      R"({"allOf":[{"$ref":"#/$defs/base"},{"properties":{"tags":{"type":"array","items":{"type":"string"}}}}],
    "$defs":{"base":{"type":"object","properties":{"id":{"type":"integer","format":"int64"},"at":{"type":["string","null"],"format":"date-time"},"next":{"$ref":"#"},"odd":{"oneOf":[{"type":"string"}]}}}}})");
  Compiler compiler;
  compiler.add(kUri, document.root());
  const auto shape = compiler.shape(kUri, document.root());
  EXPECT_EQ(shape->kind, Shape::Kind::object);
  ASSERT_EQ(shape->properties.size(), 5U);
  EXPECT_EQ(shape->properties[0].second->kind, Shape::Kind::integer);
  EXPECT_EQ(shape->properties[0].second->format, "int64");
  EXPECT_EQ(shape->properties[1].second->kind, Shape::Kind::string);
  EXPECT_TRUE(shape->properties[1].second->nullable);
  // A cycle ends in dyn.
  ASSERT_EQ(shape->properties[2].second->kind, Shape::Kind::object);
  EXPECT_EQ(shape->properties[2].second->properties[2].second->kind, Shape::Kind::dyn);
  EXPECT_EQ(shape->properties[3].second->kind, Shape::Kind::dyn);
  EXPECT_EQ(shape->properties[4].second->items->kind, Shape::Kind::string);
}

}  // namespace
}  // namespace gatehouse::schema
