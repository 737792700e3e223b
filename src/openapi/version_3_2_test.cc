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

std::string posted(std::string_view type, std::string_view media) {
  return document(fmt::format("{{post: {{requestBody: {{content: {{{}: {}}}}}}}}}", type, media));
}

TEST(Version32, TakesNoStreamUnchecked) {
  constexpr std::string_view kItems = "{itemSchema: {type: object, properties: {a: {type: string}}}}";
  for (const std::string_view type : {"text/event-stream", "application/octet-stream", "application/json"}) {
    const Loaded loaded = load_text(posted(type, kItems));
    EXPECT_THAT(loaded.problems.text(),
                HasSubstr(fmt::format("`{}` is a stream whose items (`itemSchema`)", type)));
    EXPECT_THAT(loaded.api.operations.at(0).body->content, IsEmpty());
  }
  const Loaded answered = load_text(document(fmt::format(
      "{{get: {{responses: {{'200': {{content: {{text/event-stream: {0}, application/jsonl: {0}}}}}}}}}}}",
      kItems)));
  EXPECT_EQ(answered.problems.text(), "");
}

// The findings of a sequence, whose items are in `values`; or the problems of the document.
std::string in_sequence(std::string_view media, std::string_view values) {
  const Loaded loaded = load_text(posted("application/jsonl", media));
  if (!loaded.problems.empty()) return loaded.problems.text();
  const Content& content = loaded.api.operations.at(0).body->content.at(0);
  EXPECT_EQ(content.kind, BodyKind::lines);
  json::Parser parser;
  json::Document document;
  EXPECT_TRUE(parser.parse(values, document));
  schema::Findings findings;
  if (content.checked_by->check(document.root(), findings)) return "good";
  return fmt::format("{} {}", findings[0].at, findings[0].rule);
}

TEST(Version32, HoldsEachItemOfASequenceAgainstItsSchema) {
  constexpr std::string_view kItems =
      "{itemSchema: {type: object, required: [a], properties: {a: {type: string, maxLength: 5000}, b: {type: "
      "string, readOnly: true}}}}";
  EXPECT_EQ(in_sequence(kItems, R"([{"a":"x"},{"a":"y"}])"), "good");
  EXPECT_EQ(in_sequence(kItems, R"([{"a":"x"},{"a":1}])"), "/1/a type");
  EXPECT_EQ(in_sequence(kItems, R"([{"a":"x"},{}])"), "/1/a required");
  EXPECT_EQ(in_sequence(kItems, R"([{"a":"x","c":1}])"), "/0 additionalProperties");
  EXPECT_EQ(in_sequence(kItems, R"([{"a":"x","b":"y"}])"), "/0/b readOnly");
  const auto many = [](std::size_t count) {
    std::string text = R"([{"a":"x"})";
    for (std::size_t i = 1; i < count; ++i) text += R"(,{"a":"x"})";
    return text + "]";
  };
  EXPECT_EQ(in_sequence(kItems, many(100)), "good");
  EXPECT_EQ(in_sequence(kItems, many(101)), " maxItems") << "the cap of arrays";
  const std::string bounded = fmt::format("{{schema: {{type: array, maxItems: 150}}, {}", kItems.substr(1));
  EXPECT_EQ(in_sequence(bounded, many(150)), "good");
  EXPECT_EQ(in_sequence(bounded, many(151)), " maxItems");
  EXPECT_EQ(in_sequence(bounded, R"([{"a":1}])"), "/0/a type");
  const std::string both = fmt::format("{{schema: {{minItems: 2}}, {}", kItems.substr(1));
  EXPECT_EQ(in_sequence(both, many(1)), " minItems");
  EXPECT_EQ(in_sequence(both, many(101)), " maxItems");
  // The schema of all, alone.
  EXPECT_EQ(in_sequence("{schema: {type: array, items: {type: integer}}}", "[1,\"x\"]"), "/1 type");
  EXPECT_THAT(in_sequence("{schema: {type: object, properties: {a: {}}}}", "[]"), HasSubstr("itemSchema"));
  EXPECT_THAT(in_sequence("{itemSchema: {type: string, pattern: '(a)\\1'}}", "[]"), HasSubstr("pattern"));
}

TEST(Version32, SchemasOfSequencesKeepTheirTraits) {
  const Loaded loaded = load_text(posted(
      "application/geo+json-seq",
      "{itemSchema: {type: object, properties: {p: {type: string, format: password, maxLength: 9}}}}"));
  EXPECT_EQ(loaded.problems.text(), "");
  const Content& content = loaded.api.operations.at(0).body->content.at(0);
  EXPECT_EQ(content.kind, BodyKind::records);
  EXPECT_THAT(content.secret_members, testing::ElementsAre("p"));
  ASSERT_EQ(content.shape->kind, schema::Shape::Kind::array);
  EXPECT_EQ(content.shape->items->properties.at(0).first, "p");
}

TEST(Version31, SaysNotWhichSchemaASequenceHas) {
  const auto loaded = [](std::string_view media) {
    return load_files(
        {{"api.yaml", fmt::format("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/x: "
                                  "{{post: {{requestBody: {{content: "
                                  "{{application/x-ndjson: {}}}}}}}}}}}\n",
                                  media)}});
  };
  EXPECT_THAT(loaded("{schema: {type: object, properties: {a: {type: integer}}}}").problems.text(),
              HasSubstr("write `openapi: 3.2.0`, and `itemSchema`"));
  const Loaded file = loaded("{schema: {type: string, format: binary}}");
  EXPECT_EQ(file.problems.text(), "");
  EXPECT_EQ(file.api.operations.at(0).body->content.at(0).kind, BodyKind::opaque);
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
