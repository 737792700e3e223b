#include "openapi/overlay.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/parser.h"
#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

using testing::HasSubstr;

constexpr std::string_view kDocument =
    R"({"a":{"b":1,"list":[1,2],"x-n":{"k":"v"}},"paths":{"/x":{"get":{"tags":["t"],"deep":{"b":2}},"post":{"tags":[]}},"/y":{"get":{"id":"y"}}}})";

struct Changed {
  std::string text;
  std::string problems;
};

Changed changed(std::string_view actions) {
  Problems problems;
  const auto document = doc::parse(std::string(kDocument), "api.json", problems);
  const auto overlay =
      doc::parse(fmt::format("overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions: [{}]\n", actions),
                 "overlay.yaml", problems);
  if (!document || !overlay) return {.text = {}, .problems = problems.text()};
  const auto made = overlaid(document, {overlay}, problems);
  return {.text = made ? json::to_text(made->root()) : std::string(), .problems = problems.text()};
}

std::string at(std::string_view actions, std::string_view pointer) {
  const Changed made = changed(actions);
  EXPECT_EQ(made.problems, "");
  json::Parser parser;
  json::Document document;
  if (!parser.parse(made.text, document)) return "not JSON";
  const auto value = document.root().pointer(pointer);
  return value ? json::to_text(*value) : "nothing";
}

TEST(Overlay, MergesAppendsReplacesAndRemoves) {
  EXPECT_EQ(at("{target: $.a, update: {b: 2, c: {d: 1}, list: [3], x-n: {m: 1}}}", "/a"),
            R"({"b":2,"list":[1,2,3],"x-n":{"k":"v","m":1},"c":{"d":1}})");
  EXPECT_EQ(at("{target: $.a.list, update: {n: 1}}", "/a/list"), R"([1,2,{"n":1}])");
  EXPECT_EQ(at("{target: $.a.b, remove: true}", "/a"), R"({"list":[1,2],"x-n":{"k":"v"}})");
  EXPECT_EQ(at("{target: '$.a.list[0]', remove: true}", "/a/list"), "[2]");
  EXPECT_EQ(at("{target: $.a, update: {b: {c: 1}}}, {target: $.a.b, update: {c: 2}}", "/a/b"), R"({"c":2})");
  EXPECT_EQ(at("{target: $.paths.*.get, update: {security: []}}", "/paths/~1y/get"),
            R"({"id":"y","security":[]})");
}

TEST(Overlay, SelectsByJsonPath) {
  const auto marked = [](std::string_view path, std::string_view pointer) {
    return at(fmt::format("{{target: \"{}\", update: {{m: 1}}}}", path), fmt::format("{}/m", pointer)) == "1";
  };
  EXPECT_TRUE(marked("$", ""));
  EXPECT_TRUE(marked("$['paths']['/x'].get", "/paths/~1x/get"));
  EXPECT_TRUE(marked("$.paths['/x','/y'].get", "/paths/~1y/get"));
  EXPECT_TRUE(marked("$..deep", "/paths/~1x/get/deep"));
  EXPECT_TRUE(marked("$.a['x-n']", "/a/x-n"));
  EXPECT_TRUE(marked("$.paths.*[?@.tags]", "/paths/~1x/post"));
  EXPECT_FALSE(marked("$.paths.*[?@.tags]", "/paths/~1y/get"));
  EXPECT_TRUE(marked("$.paths.*[?(@.id == 'y')]", "/paths/~1y/get"));
  EXPECT_FALSE(marked("$.paths.*[?(@.id == 'y')]", "/paths/~1x/get"));
  EXPECT_TRUE(marked("$.paths.*[?@.tags && !(@.id) && @.deep.b > 1]", "/paths/~1x/get"));
  EXPECT_FALSE(marked("$.paths.*[?@.tags && !(@.id) && @.deep.b > 1]", "/paths/~1x/post"));
  EXPECT_TRUE(marked("$.paths.*[?@.id != 'y' || @.deep.b <= 2]", "/paths/~1x/post"));
  EXPECT_TRUE(marked("$.paths.*[?@.deep.b == $.paths['/x'].get.deep.b]", "/paths/~1x/get"));
  EXPECT_TRUE(marked("$[?@.b == 1.0]", "/a"));
}

TEST(Overlay, SaysWhatASlipWouldLeaveOut) {
  const auto problems = [](std::string_view actions) { return changed(actions).problems; };
  EXPECT_THAT(problems("{target: $.paths['/z'], update: {}}"), HasSubstr("overlay.yaml:3:"));
  EXPECT_THAT(problems("{target: \"$.paths['/z']\", update: {}}"), HasSubstr("selects nothing"));
  EXPECT_THAT(problems("{target: $.a.b, update: {c: 1}}"), HasSubstr("neither an object"));
  EXPECT_THAT(problems("{target: $.a, update: 1}"), HasSubstr("neither an object"));
  EXPECT_THAT(problems("{target: $, remove: true}"), HasSubstr("cannot be removed"));
  EXPECT_THAT(problems("{target: $.a}"), HasSubstr("one of `update` and `remove: true`"));
  EXPECT_THAT(problems("{target: $.a, update: {}, remove: true}"), HasSubstr("one of"));
  EXPECT_THAT(problems("{target: $.a, udpate: {}}"), HasSubstr("update"));
  for (const std::string_view path : {"a", "$.", "$a", "$[", "$['a'", "$.a[?]", "$.a[?length(@)]", "$.a[?1]",
                                      "$.a[?@.b ==]", "$.a[?(@.b]", "$.a[0:1]", "$.a..", "$['\\u0061']"}) {
    EXPECT_THAT(problems(fmt::format("{{target: \"{}\", update: {{}}}}",
                                     path == "$['\\u0061']" ? "$['\\\\u0061']" : path)),
                HasSubstr("not a JSONPath"))
        << path;
  }
}

// What is around a selected value may take it away.
TEST(Overlay, RemovesInnerAndOuterValuesTogether) {
  EXPECT_EQ(at("{target: '$.paths..*', remove: true}", "/paths"), "{}");
}

TEST(Overlay, ValuesKeepThePlaceThatTheyStandAt) {
  Problems problems;
  const auto overlay = doc::parse(
      "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n- target: $.paths['/x'].get\n  update:\n    "
      "parameters: [{name: q, in: nowhere, schema: {type: string}}]\n",
      "overlay.yaml", problems);
  ASSERT_TRUE(overlay) << problems.text();
  LoadOptions options;
  options.overlays = {overlay};
  const Loaded loaded =
      load_files({{"api.yaml",
                   "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /x:\n    get: "
                   "{operationId: a}\n  /y:\n    get: {operationId: a}\n"}},
                 options);
  EXPECT_THAT(loaded.problems.text(), HasSubstr("overlay.yaml:6:"));
  EXPECT_THAT(loaded.problems.text(), HasSubstr("api.yaml:7:"));
  const Loaded good =
      load_files({{"api.yaml",
                   "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/x: {get: {operationId: a}}}\n"}},
                 {.overlays = {doc::parse(
                      "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.paths.*.get, "
                      "update: {parameters: [{name: q, in: query, schema: {$ref: "
                      "'#/components/schemas/S'}}]}}, {target: $, update: {components: {schemas: {S: {type: "
                      "integer}}}}}]\n",
                      "overlay.yaml", problems)}});
  EXPECT_EQ(good.problems.text(), "");
  EXPECT_EQ(good.api.operations.at(0).parameters.size(), 1U);
}

}  // namespace
}  // namespace gatehouse::openapi
