#include "schema/schema.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parser.h"
#include "schema/compiler.h"
#include "schema/testing.h"

namespace gatehouse::schema {
namespace {

using ::testing::ElementsAre;
using testing::findings;
using testing::Held;
using testing::hold;
using ::testing::IsEmpty;
using testing::k30;
using testing::kSealed;
using testing::kUri;
using testing::parsed;

TEST(Findings, NameDeclaredPlacesAndKeywordsAndNeverWhatTheClientWrote) {
  constexpr std::string_view kSchema = R"({"type":"object","required":["id"],"additionalProperties":false,
    "properties":{"id":{"type":"string"},"a/b":{"items":{"maximum":3}},"map":{"additionalProperties":{"type":"null"}}}})";
  EXPECT_THAT(findings(kSchema, R"({"a/b":[1,5],"map":{"my secret":1},"other secret":2})"),
              ElementsAre("/a~1b/1 maximum", "/map/* type", " additionalProperties", "/id required"));
}

TEST(Findings, AreAtMostTenAndEachOnce) {
  std::string instance = "[";
  for (int i = 0; i < 50; ++i) instance += "\"x\",";
  EXPECT_EQ(findings(R"({"items":{"type":"number"}})", instance + "1]").size(), 10U);
  EXPECT_EQ(findings(R"({"additionalProperties":false})", R"({"a":1,"b":2})").size(), 1U);
}

TEST(Findings, TheOnlyBranchThatFitsTheTypeExplainsItself) {
  constexpr std::string_view kSchema =
      R"({"properties":{"a":{"anyOf":[{"type":"null"},{"type":"object","required":["x"]}]}}})";
  EXPECT_THAT(findings(kSchema, R"({"a":{}})"), ElementsAre("/a/x required"));
  EXPECT_THAT(findings(kSchema, R"({"a":1})"), ElementsAre("/a anyOf"));
}

TEST(Sealing, RefusesUndeclaredMembersAtEveryDepth) {
  constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer"}}},
    "list":{"type":"array","items":{"type":"object","properties":{"c":{}}}}}})";
  EXPECT_THAT(findings(kSchema, R"({"a":{"b":1},"list":[{"c":1}]})", kSealed), IsEmpty());
  EXPECT_THAT(
      findings(kSchema, R"({"a":{"b":1,"z":1},"list":[{"z":1}],"z":1})", kSealed),
      ElementsAre("/a additionalProperties", "/list/0 additionalProperties", " additionalProperties"));
  EXPECT_THAT(findings(kSchema, R"({"z":1})"), IsEmpty());
}

TEST(Sealing, StaysOpenWhereTheSchemaSaysSo) {
  EXPECT_THAT(findings(R"({"type":"object","additionalProperties":true})", R"({"z":1})", kSealed), IsEmpty());
  EXPECT_THAT(
      findings(R"({"type":"object","unevaluatedProperties":{"type":"integer"}})", R"({"z":1})", kSealed),
      IsEmpty());
  EXPECT_THAT(
      findings(R"({"allOf":[{"properties":{"a":{}}},{"additionalProperties":true}]})", R"({"z":1})", kSealed),
      IsEmpty());
  // One that names no member is open within the caps; one that names any is closed.
  Options capped = kSealed;
  capped.caps = Caps{.string = 4, .items = 2, .properties = 2};
  for (const std::string_view open :
       {R"({"type":"object"})", R"({"type":["object","null"]})", R"({"type":"object","minProperties":1})",
        R"({"allOf":[{"type":"object"}]})", R"({"type":"object","not":{"required":["role"]}})",
        R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}})"}) {
    EXPECT_THAT(findings(open, R"({"z":1,"y":{"x":["abcd"]}})", capped), IsEmpty()) << open;
    EXPECT_THAT(findings(open, R"({"z":"abcde"})", capped), ElementsAre("/* maxLength")) << open;
    EXPECT_THAT(findings(open, R"({"z":{"y":[1,2,3]}})", capped), ElementsAre("/*/* maxItems")) << open;
    EXPECT_THAT(findings(open, R"({"a":1,"b":1,"c":1})", capped), ElementsAre(" maxProperties")) << open;
  }
  for (const std::string_view closed :
       {R"({"type":"object","required":["a"]})", R"({"type":"object","properties":{"a":{}}})",
        R"({"type":"object","additionalProperties":false})",
        R"({"type":"object","patternProperties":{"^a":{}}})",
        R"({"type":"object","anyOf":[{"properties":{"a":{}}},{}]})",
        R"({"type":"object","if":{"properties":{"a":{}}}})",
        R"({"type":"object","unevaluatedProperties":false})"}) {
    EXPECT_FALSE(findings(closed, R"({"z":1})", kSealed).empty()) << closed;
  }
  EXPECT_THAT(findings(R"({})", R"({"z":1})", kSealed), IsEmpty());
}

TEST(Sealing, KnowsThePropertiesOfEveryBranchThatApplies) {
  constexpr std::string_view kSchema = R"({"allOf":[{"$ref":"#/$defs/base"},{"properties":{"b":{}}}],
    "anyOf":[{"properties":{"kind":{"const":1},"one":{}},"required":["kind"]},{"properties":{"kind":{"const":2},"two":{}}}],
    "$defs":{"base":{"type":"object","properties":{"a":{}}}}})";
  EXPECT_THAT(findings(kSchema, R"({"a":1,"b":1,"kind":1,"one":1})", kSealed), IsEmpty());
  EXPECT_THAT(findings(kSchema, R"({"a":1,"b":1,"kind":1,"two":1})", kSealed),
              ElementsAre(" unevaluatedProperties"));
  EXPECT_THAT(findings(kSchema, R"({"a":1,"c":1})", kSealed), ElementsAre(" unevaluatedProperties"));
  // The same base used on its own is sealed on its own.
  constexpr std::string_view kBoth =
      R"({"properties":{"x":{"$ref":"#/$defs/base"},"y":{"allOf":[{"$ref":"#/$defs/base"},{"properties":{"b":{}}}]}},
    "$defs":{"base":{"type":"object","properties":{"a":{}}}}})";
  EXPECT_THAT(findings(kBoth, R"({"x":{"a":1},"y":{"a":1,"b":1}})", kSealed), IsEmpty());
  EXPECT_THAT(findings(kBoth, R"({"x":{"a":1,"b":1}})", kSealed), ElementsAre("/x additionalProperties"));
}

TEST(Sealing, RefusesElementsThatNoBranchDescribes) {
  constexpr std::string_view kTuple =
      R"({"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}]})";
  EXPECT_THAT(findings(kTuple, R"(["a",1])", kSealed), IsEmpty());
  EXPECT_THAT(findings(kTuple, R"(["a"])", kSealed), IsEmpty());
  EXPECT_THAT(findings(kTuple, R"(["a",1,{"role":"admin"}])", kSealed), ElementsAre(" items"));
  EXPECT_THAT(findings(kTuple, R"(["a",1,2])"), IsEmpty());
  // Through references and branches; said openly; beside other types; under contains.
  constexpr std::string_view kBranches =
      R"({"allOf":[{"$ref":"#/$defs/t"},{"minItems":1}],"$defs":{"t":{"type":"array","prefixItems":[{"type":"string"}]}}})";
  EXPECT_THAT(findings(kBranches, R"(["a",1])", kSealed), ElementsAre(" unevaluatedItems"));
  EXPECT_THAT(findings(kBranches, R"(["a"])", kSealed), IsEmpty());
  EXPECT_THAT(
      findings(R"({"anyOf":[{"type":"null"},{"prefixItems":[{"type":"string"}]}]})", R"(["a",1])", kSealed),
      ElementsAre(" unevaluatedItems"));
  EXPECT_THAT(
      findings(R"({"prefixItems":[{"type":"string"}],"contains":{"const":7}})", R"(["a",7])", kSealed),
      IsEmpty());
  EXPECT_THAT(
      findings(R"({"prefixItems":[{"type":"string"}],"contains":{"const":7}})", R"(["a",7,8])", kSealed),
      ElementsAre(" unevaluatedItems"));
  for (const std::string_view open : {R"({"prefixItems":[{"type":"string"}],"items":true})",
                                      R"({"prefixItems":[true],"unevaluatedItems":{}})",
                                      R"({"allOf":[{"prefixItems":[{"type":"string"}]},{"items":{}}]})"}) {
    EXPECT_THAT(findings(open, R"(["a",1])", kSealed), IsEmpty()) << open;
  }
  // Elements are sealed themselves.
  EXPECT_THAT(
      findings(R"({"prefixItems":[{"type":"object","properties":{"a":{}}}]})", R"([{"b":1}])", kSealed),
      ElementsAre("/0 additionalProperties"));
}

TEST(Sealing, SaysWhereNothingIsSaidOfElements) {
  const Options capped{.sealing = Sealing::sealed, .caps = Caps{.string = 3, .items = 2, .properties = 2}};
  const auto weak = [&](std::string_view schema) { return hold(schema, "[]", capped).weak; };
  EXPECT_THAT(weak(R"({"type":"array","maxItems":5})"), ElementsAre(" items"));
  EXPECT_THAT(weak(R"({"type":["array","null"],"maxItems":5,"contains":{"const":1},"minContains":0})"),
              ElementsAre(" items"));
  EXPECT_THAT(weak(R"({"type":"array","maxItems":5,"items":true})"), ElementsAre(" items"));
  EXPECT_THAT(weak(R"({"type":"array","maxItems":5,"items":{}})"), ElementsAre("/items "));
  EXPECT_THAT(weak(R"({"type":"array","maxItems":5,"items":{"type":"boolean"}})"), IsEmpty());
  EXPECT_THAT(weak(R"({"allOf":[{"type":"array"},{"items":{"type":"boolean"}}],"maxItems":5})"), IsEmpty());
  EXPECT_THAT(weak(R"({"enum":[[],[1]]})"), IsEmpty());
  EXPECT_THAT(weak(R"({"type":"array","prefixItems":[{"type":"boolean"}]})"), IsEmpty());
  // Accepted values are bounded.
  EXPECT_THAT(hold(R"({"type":"array","maxItems":5})", R"([["abcd"]])", capped).findings,
              ElementsAre("/0/0 maxLength"));
}

TEST(Sealing, DoesNotOpenWhatANotForbids) {
  constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"a":{"type":"object","additionalProperties":true}},"not":{"properties":{"a":{"type":"object","required":["x"]}},"required":["a"]}})";
  EXPECT_THAT(findings(kSchema, R"({"a":{"x":1,"y":2}})", kSealed), ElementsAre(" not"));
}

std::vector<std::string> weak(std::string_view schema, Options options, Weakness::Kind kind) {
  const json::Document document = parsed(schema);
  Compiler compiler(options);
  compiler.add(kUri, document.root());
  std::vector<std::string> found;
  const auto compiled = compiler.compile(kUri, document.root(), Direction::input);
  if (!compiled) return {"does not compile"};
  for (const Weakness* const weakness : (*compiled)->weaknesses()) {
    if (weakness->kind == kind) found.push_back(weakness->pointer + " " + std::string(weakness->keyword));
  }
  return found;
}

TEST(Weaknesses, NullableWithoutEffectIsOne) {
  const auto idle = [](std::string_view schema, Dialect dialect = Dialect::openapi_3_0) {
    return weak(schema, {.dialect = dialect}, Weakness::Kind::nullable);
  };
  EXPECT_THAT(idle(R"({"properties":{"a":{"nullable":true,"allOf":[{"type":"string"}]}}})"),
              ElementsAre("/properties/a "));
  EXPECT_THAT(idle(R"({"type":"string","nullable":true,"enum":["x"]})"), ElementsAre(" "));
  EXPECT_THAT(idle(R"({"type":"string","nullable":true,"enum":["x",null]})"), IsEmpty());
  EXPECT_THAT(idle(R"({"type":"string","nullable":true})"), IsEmpty());
  EXPECT_THAT(idle(R"({"nullable":false})"), IsEmpty());
  EXPECT_THAT(idle(R"({"type":"string","nullable":true})", Dialect::openapi_3_1), ElementsAre(" "));
}

TEST(Weaknesses, SayWhereASealedObjectCanHoldNothingThatItMust) {
  const auto found = [](std::string_view schema, Weakness::Kind kind) {
    return weak(schema, {.dialect = Dialect::openapi_3_1, .sealing = Sealing::sealed}, kind);
  };
  using enum Weakness::Kind;
  EXPECT_THAT(found(R"({"type":"object","required":["a"],"properties":{"b":{}}})", undeclared),
              ElementsAre(" a"));
  EXPECT_THAT(found(R"({"allOf":[{"required":["a"]},{"properties":{"b":{}}}]})", undeclared),
              ElementsAre(" a"));
  EXPECT_THAT(found(R"({"properties":{"p":{"type":"object"}}})", memberless), ElementsAre("/properties/p "));
  EXPECT_THAT(found(R"({"type":"array","items":{"type":["object","null"]}})", memberless),
              ElementsAre("/items "));
  EXPECT_THAT(found(R"({"properties":{"p":{"properties":{"q":{}}},"o":{"type":"object"}}})", closed),
              ElementsAre(" ", "/properties/p "));
  EXPECT_THAT(found(R"({"properties":{},"additionalProperties":false})", closed), IsEmpty());
  for (const Weakness::Kind kind : {undeclared, memberless}) {
    for (const std::string_view fine :
         {R"({"type":"object","required":["a"],"properties":{"a":{}}})",
          R"({"required":["a"],"allOf":[{"properties":{"a":{}}}]})",
          R"({"required":["a"],"anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]})",
          R"({"required":["a"],"if":{"minProperties":1},"then":{"properties":{"a":{}}}})",
          R"({"type":"object","required":["a"],"patternProperties":{"^a":{}}})",
          R"({"type":"object","required":["a"],"additionalProperties":{"type":"string"}})",
          R"({"type":"object","additionalProperties":true})", R"({"type":["object","string"]})",
          R"({"type":"string"})", R"({"enum":[{}]})"}) {
      EXPECT_THAT(found(fine, kind), IsEmpty()) << fine;
    }
  }
}

TEST(Weaknesses, AMemberThatIsRequiredAndNotAllowedIsOne) {
  const auto contradiction = [](std::string_view schema) {
    return weak(schema, {.dialect = Dialect::openapi_3_1, .sealing = Sealing::sealed},
                Weakness::Kind::contradiction);
  };
  EXPECT_THAT(contradiction(R"({"allOf":[{"type":"object","additionalProperties":false,"properties":{"a":{}}},
      {"type":"object","additionalProperties":false,"required":["b"],"properties":{"b":{}}}]})"),
              ElementsAre(" b"));
  EXPECT_THAT(contradiction(R"({"additionalProperties":false,"required":["b"]})"), ElementsAre(" b"));
  EXPECT_THAT(
      contradiction(
          R"({"$ref":"#/$defs/a","required":["b"],"$defs":{"a":{"additionalProperties":false,"properties":{"a":{}}}}})"),
      ElementsAre(" b"));
  // Each alternative may be closed; names by pattern; a text has no members.
  EXPECT_THAT(
      contradiction(R"({"required":["b"],"anyOf":[{"additionalProperties":false},{"properties":{"b":{}}}]})"),
      IsEmpty());
  EXPECT_THAT(
      contradiction(R"({"additionalProperties":false,"required":["b"],"patternProperties":{"^b":{}}})"),
      IsEmpty());
  EXPECT_THAT(contradiction(R"({"additionalProperties":false,"properties":{"b":{}},"required":["b"]})"),
              IsEmpty());
  EXPECT_THAT(contradiction(R"({"type":"string","additionalProperties":false,"required":["b"]})"), IsEmpty());
}

TEST(Caps, BoundWhatIsUnboundedAndSayWhere) {
  const Options capped{.sealing = Sealing::sealed, .caps = Caps{.string = 3, .items = 2, .properties = 2}};
  constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"s":{"type":"string"},"t":{"type":"string","maxLength":5},
    "e":{"enum":["abcdefg"]},"p":{"type":"string","pattern":"^[a-z]{1,9}$"},"l":{"type":"array","items":{"type":"boolean"}},"i":{"type":"integer"},
    "m":{"type":"object","additionalProperties":{"type":"null"}},"any":{},"both":{"allOf":[{"type":"string"},{"maxLength":4}]}}})";
  const Held good = hold(
      kSchema,
      R"({"s":"äöü","t":"12345","e":"abcdefg","p":"abcdefghi","l":[true,false],"i":9007199254740991,"both":"1234"})",
      capped);
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_THAT(good.weak,
              ElementsAre("/properties/s maxLength", "/properties/l maxItems", "/properties/i maximum",
                          "/properties/m maxProperties", "/properties/any "));
  const auto bad = [&](std::string_view instance) { return hold(kSchema, instance, capped).findings; };
  EXPECT_THAT(bad(R"({"s":"1234"})"), ElementsAre("/s maxLength"));
  EXPECT_THAT(bad(R"({"l":[true,true,true]})"), ElementsAre("/l maxItems"));
  EXPECT_THAT(bad(R"({"i":9007199254740992})"), ElementsAre("/i maximum"));
  EXPECT_THAT(bad(R"({"i":-9007199254740992})"), ElementsAre("/i minimum"));
  EXPECT_THAT(bad(R"({"m":{"a":null,"b":null,"c":null}})"), ElementsAre("/m maxProperties"));
  EXPECT_THAT(bad(R"({"any":{"x":["1234"]}})"), ElementsAre("/any/*/0 maxLength"));
}

TEST(Directions, ReadOnlyIsRefusedOnInputAndNotRequiredThere) {
  constexpr std::string_view kSchema = R"({"type":"object","required":["id","name","pin"],
    "properties":{"id":{"readOnly":true,"type":"integer"},"name":{"type":"string"},"pin":{"writeOnly":true}}})";
  EXPECT_THAT(findings(kSchema, R"({"name":"x","pin":1})", kSealed, Direction::input), IsEmpty());
  EXPECT_THAT(findings(kSchema, R"({"id":1,"name":"x","pin":1})", kSealed, Direction::input),
              ElementsAre("/id readOnly"));
  EXPECT_THAT(findings(kSchema, R"({"id":1,"name":"x"})", kSealed, Direction::output), IsEmpty());
  EXPECT_THAT(findings(kSchema, R"({"id":1,"name":"x","pin":1})", kSealed, Direction::output),
              ElementsAre("/pin writeOnly"));
  EXPECT_THAT(findings(kSchema, R"({"name":"x","pin":1})", kSealed), ElementsAre("/id required"));
}

TEST(Directions, HoldThroughCompositionAndReferences) {
  constexpr std::string_view kSchema = R"({"allOf":[{"$ref":"#/$defs/base"},{"required":["id","name"]}],
    "$defs":{"base":{"type":"object","properties":{"id":{"$ref":"#/$defs/id"},"name":{"type":"string"}}},"id":{"type":"integer","readOnly":true}}})";
  EXPECT_THAT(findings(kSchema, R"({"name":"x"})", kSealed, Direction::input), IsEmpty());
  EXPECT_THAT(findings(kSchema, R"({"id":1,"name":"x"})", kSealed, Direction::input),
              ElementsAre("/id readOnly"));
  EXPECT_THAT(findings(kSchema, R"({"name":"x"})", kSealed, Direction::output), ElementsAre("/id required"));
}

TEST(OpenApi30, ABoundThatIsNoNumberIsAProblemBesideAnExclusiveFlagToo) {
  EXPECT_EQ(hold(R"({"minimum":"5","exclusiveMinimum":true})", "5", k30).error,
            "/minimum: minimum must be a number");
  EXPECT_EQ(hold(R"({"maximum":null,"exclusiveMaximum":true})", "5", k30).error,
            "/maximum: maximum must be a number");
}

TEST(OpenApi30, NullableAndBooleanExclusiveBounds) {
  EXPECT_THAT(findings(R"({"type":"string","nullable":true})", "null", k30), IsEmpty());
  EXPECT_THAT(findings(R"({"type":"string"})", "null", k30), ElementsAre(" type"));
  EXPECT_THAT(findings(R"({"type":"string","nullable":true})", "null"), ElementsAre(" type"));
  EXPECT_THAT(findings(R"({"type":"string","nullable":true,"enum":["a"]})", "null", k30),
              ElementsAre(" enum"));
  EXPECT_THAT(
      findings(R"({"minimum":5,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false})", "5", k30),
      ElementsAre(" exclusiveMinimum"));
  EXPECT_THAT(
      findings(R"({"minimum":5,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false})", "9", k30),
      IsEmpty());
  EXPECT_THAT(findings(R"({"type":"integer","format":"int32"})", "2147483648", k30), ElementsAre(" format"));
  EXPECT_THAT(findings(R"({"type":"integer","format":"int64"})", "9223372036854775807", k30), IsEmpty());
  EXPECT_THAT(findings(R"({"type":"string","example":"x","xml":{},"format":"byte"})", R"("YQ==")", k30),
              IsEmpty());
  EXPECT_THAT(findings(R"({"type":"string","format":"byte"})", R"("YQ=")", k30), ElementsAre(" format"));
}

// The OpenAPI format registry.
TEST(OpenApi30, FormatsOfNumbersAreRanges) {
  const auto holds = [](std::string_view format, std::string_view instance) {
    return findings(R"({"type":"number","format":")" + std::string(format) + "\"}", instance, k30).empty();
  };
  EXPECT_TRUE(holds("int32", "-2147483648") && holds("int32", "1.0") && !holds("int32", "1.5"));
  EXPECT_TRUE(holds("int8", "127") && !holds("int8", "-129") && !holds("uint8", "256"));
  EXPECT_TRUE(holds("uint64", "18446744073709551615") && !holds("uint64", "18446744073709551616"));
  EXPECT_TRUE(holds("float", "3.4028234e38") && !holds("float", "-3.5e38") && holds("float", "0.1"));
  EXPECT_TRUE(holds("double", "1e308") && holds("other", "1e400"));
  EXPECT_THAT(findings(R"({"format":"int32"})", "1.5"), IsEmpty()) << "JSON Schema does not know it";
}

TEST(OpenApi30, WhatStandsBesideARefDoesNotCount) {
  EXPECT_THAT(
      findings(
          R"({"properties":{"a":{"$ref":"#/definitions/s","maxLength":1}},"definitions":{"s":{"type":"string"}}})",
          R"({"a":"xyz"})", k30),
      IsEmpty());
}

// JSON Schema Validation, section 9.4: readOnly is a property of the instance location, by every path to it.
TEST(Directions, NoWayRoundReadOnly) {
  const auto refused = [](std::string_view schema, std::string_view instance) {
    const auto outcome = hold(schema, instance, kSealed, Direction::input);
    return outcome.error.empty() && outcome.findings.size() == 1 &&
           outcome.findings[0].find("readOnly") != std::string::npos;
  };
  constexpr std::string_view kObject = R"({"id":"a"})";
  EXPECT_TRUE(refused(R"({"additionalProperties":{"type":"string","readOnly":true}})", kObject));
  EXPECT_TRUE(refused(R"({"type":"object","patternProperties":{"^i":{"readOnly":true}}})", kObject));
  EXPECT_TRUE(refused(R"({"type":"object","unevaluatedProperties":{"readOnly":true}})", kObject));
  EXPECT_TRUE(refused(R"({"type":"array","items":{"readOnly":true}})", "[1]"));
  EXPECT_TRUE(refused(R"({"type":"array","prefixItems":[{"readOnly":true}]})", "[1]"));
  constexpr std::string_view kEither =
      R"({"properties":{"id":{"oneOf":[{"type":"string","readOnly":true},{"type":"null"}]}}})";
  EXPECT_THAT(findings(kEither, kObject, kSealed, Direction::input), ElementsAre("/id oneOf"));
  EXPECT_THAT(findings(kEither, R"({"id":null})", kSealed, Direction::input), IsEmpty());
  EXPECT_THAT(findings(kEither, kObject, kSealed, Direction::output), IsEmpty());
}

}  // namespace
}  // namespace gatehouse::schema
