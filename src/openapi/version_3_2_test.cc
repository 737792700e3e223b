#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/media_type.h"
#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string document(std::string_view path_item, std::string_view more = "",
                     std::string_view version = "3.2.0") {
  return fmt::format("openapi: {}\ninfo: {{title: t, version: '1'}}\n{}paths:\n  /x: {}\n", version, more,
                     path_item);
}

TEST(Version32, HasQueryAndAdditionalOperations) {
  const Loaded loaded = load_text(
      document("{get: {operationId: read}, query: {operationId: ask, requestBody: {required: true, content: "
               "{application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}}, "
               "additionalOperations: "
               "{COPY: {operationId: copy}, PROPFIND: {operationId: find}}}"));
  ASSERT_EQ(loaded.problems.text(), "");
  ASSERT_EQ(loaded.api.operations.size(), 4U);
  EXPECT_EQ(loaded.api.operations[1].title(), "QUERY /x");
  EXPECT_TRUE(loaded.api.operations[1].body->required);
  EXPECT_EQ(loaded.api.operations[2].title(), "COPY /x");
  EXPECT_EQ(loaded.api.operations[3].title(), "PROPFIND /x");
  const auto problems = [](std::string_view item, std::string_view version = "3.2.0") {
    return problems_of(document(item, "", version));
  };
  EXPECT_THAT(problems("{additionalOperations: {POST: {}}}"), HasSubstr("has a field of its own"));
  EXPECT_THAT(problems("{additionalOperations: {QUERY: {}}}"), HasSubstr("has a field of its own"));
  EXPECT_THAT(problems("{additionalOperations: {copy: {}}}"),
              HasSubstr("the method `copy` is not supported"));
  EXPECT_THAT(problems("{additionalOperations: {CONNECT: {}}}"), HasSubstr("is not supported"));
  EXPECT_THAT(problems("{query: {}}", "3.1.0"), HasSubstr("query"));
  EXPECT_THAT(problems("{additionalOperations: {}}", "3.1.0"), HasSubstr("additionalOperations"));
}

TEST(Version32, ChecksTheQueryAsAWhole) {
  const auto with = [](std::string_view content) {
    return document(
        fmt::format("{{get: {{parameters: [{{name: q, in: querystring, content: {{{}}}}}]}}}}", content));
  };
  const Loaded loaded =
      load_text(with("application/x-www-form-urlencoded: {schema: {type: object, required: [a], properties: "
                     "{a: {type: integer}, "
                     "b: {type: string}}}}"));
  ASSERT_EQ(loaded.problems.text(), "");
  InputMemory memory;
  json::Document values;
  schema::Findings findings;
  const auto ask = [&](std::string_view query) {
    const bool good =
        loaded.api.operations[0].input->read({.path = {}, .query = query}, memory, values, findings);
    return good ? json::to_text(*values.root().find("query"))
                : std::string(findings[0].rule) + findings[0].at;
  };
  EXPECT_EQ(ask("a=1&b=x"), R"({"q":{"a":1,"b":"x"}})");
  EXPECT_EQ(ask("a=x"), "type/query/q");
  EXPECT_EQ(ask("b=x"), "required/query/q/a");
  EXPECT_EQ(ask("a=1&c=2"), "undeclared/query/*");
  EXPECT_EQ(ask("a=1&a=2"), "repeated/query/q");
  EXPECT_THAT(problems_of(with("application/json: {schema: {type: object}}")),
              HasSubstr("must name `application/x-www-form-urlencoded`"));
  EXPECT_THAT(problems_of(with("application/x-www-form-urlencoded: {schema: {type: array, items: {}}}")),
              HasSubstr("a query is an object"));
  EXPECT_THAT(
      problems_of(document("{get: {parameters: [{name: q, in: querystring, schema: {type: object}}]}}")),
      HasSubstr("has `content`, and no `schema`"));
}

TEST(Version32, TakesNoStreamUnchecked) {
  constexpr std::string_view kItems = "{itemSchema: {type: object, properties: {a: {type: string}}}}";
  const Loaded loaded = load_text(
      document(fmt::format("{{post: {{requestBody: {{content: {{application/jsonl: {0}}}}}}}}}", kItems)));
  EXPECT_THAT(loaded.problems.text(),
              HasSubstr("`application/jsonl` is a stream, whose items (`itemSchema`)"));
  EXPECT_THAT(loaded.api.operations.at(0).body->content, IsEmpty());
  const Loaded answered = load_text(document(fmt::format(
      "{{get: {{responses: {{'200': {{content: {{text/event-stream: {0}, application/jsonl: {0}}}}}}}}}}}",
      kItems)));
  EXPECT_EQ(answered.problems.text(), "");
}

TEST(Version32, KnowsItselfByItsOwnName) {
  const Loaded loaded = load_text(document(
      "{get: {parameters: [{$ref: 'https://example.com/api.yaml#/components/parameters/p'}]}}",
      "$self: https://example.com/api.yaml\ncomponents: {parameters: {p: {name: p, in: query, schema: {$ref: "
      "'https://example.com/api.yaml#/components/schemas/s'}}}, schemas: {s: {type: integer}}, mediaTypes: "
      "{m: "
      "{schema: {$ref: '#/components/schemas/s'}}}, securitySchemes: {o: {type: oauth2, deprecated: true, "
      "oauth2MetadataUrl: 'https://example.com/.well-known/oauth', flows: {deviceAuthorization: "
      "{deviceAuthorizationUrl: 'https://example.com/d', tokenUrl: 'https://example.com/t', scopes: "
      "{}}}}}}\n"));
  EXPECT_EQ(loaded.problems.text(), "");
  ASSERT_EQ(loaded.api.operations.at(0).parameters.size(), 1U);
  EXPECT_THAT(problems_of(document("{get: {parameters: [{$ref: 'https://other.example/api.yaml#/x'}]}}",
                                   "$self: https://example.com/api.yaml\n")),
              HasSubstr("is a network address"));
}

TEST(Version20, IsNamedWithAConverter) {
  EXPECT_THAT(problems_of("swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths: {}\n"),
              HasSubstr("npx swagger2openapi"));
}

}  // namespace
}  // namespace gatehouse::openapi
