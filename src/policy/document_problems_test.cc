// The problems of an OpenAPI document that is held against its policy, and of the keywords in it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "policy/problems_testing.h"

namespace gatehouse::policy {
namespace {

using testing::expect_each;
using testing::kGatehouse;
using testing::kNotesApi;
using testing::problems_of;
using testing::replaced;

TEST(Documents, AreHeldAgainstThePolicy) {
  expect_each(
      {
          {"operationId: addOrder\n",
           "operationId: addOrder\n      x-gatehouse: {permission: orders:write}\n",
           "api.yaml:15:20: x-gatehouse: `permission` is in gatehouse.yaml too; keep it in one place"},
          {"operationId: addOrder\n", "operationId: addOrder\n      x-gatehouse: {permision: orders:write}\n",
           "api.yaml:15:21: x-gatehouse: there is no key `permision` here; did you mean `permission`?"},
          {"operationId: getOrder\n", "operationId: addOrder\n",
           "api.yaml:13:5: `addOrder` also names the operation at api.yaml:5; rename one, because policies "
           "and events identify operations by their names\napi.yaml:14:20: paths./orders.post.operationId: "
           "`addOrder` is the operationId of GET /orders/{id}, too; rename one\n37:5: operations.getOrder: "
           "no OpenAPI document has an operation of that operationId or title; write it as in the document "
           "(`getOrder` or `GET /orders/{id}`), or remove it here"},
          {"{name: pin, in: query,", "{name: pin, in: query, x-gatehouse: {log: true},",
           "api.yaml:10:11: getOrder: the parameter `pin` is secret (writeOnly, password or x-sensitive); it "
           "cannot say log: true; remove one of the two"},
          {"{schema: {type: object, properties: {note: {type: string}}}}", "{}",
           "api.yaml:16:49: paths./orders.post.requestBody.content.application/json: has no `schema`: any "
           "body would be accepted; state the body that the operation accepts"},
          {"/catalogue:\n", "/orders/{number}:\n",
           "api.yaml:19:5: `listCatalogue` (/orders/{number}) and `getOrder` (/orders/{id}) are ambiguous: "
           "they match the same paths; remove one, or put a literal segment in front\napi.yaml:19:10: "
           "paths./orders/{number}.get: `{number}` of /orders/{number} is not declared; add a parameter with "
           "`in: path` and this name"},
          {"security: [{partnerKey: []}]", "security: [{otherKey: []}]",
           "api.yaml:15:29: paths./orders.post.security[0].otherKey: there is no security scheme `otherKey` "
           "under "
           "components.securitySchemes; declare it"},
      },
      true);
}

TEST(Documents, XGatehouseIsReadWhereItHoldsAndNowhereElse) {
  const auto with = [](std::string_view from, std::string_view to) {
    return problems_of(std::string(kGatehouse), replaced(std::string(kNotesApi), from, to));
  };
  constexpr std::string_view kPin = "{name: pin, in: query,";
  EXPECT_NE(
      with(kPin, "{name: pin, in: query, x-gatehouse: {logg: true},").find("there is no key `logg` here"),
      std::string::npos);
  EXPECT_NE(with(kPin, "{name: pin, in: query, x-gatehouse: {log: \"true\"},").find("x-gatehouse.log"),
            std::string::npos);
  EXPECT_NE(with(kPin, "{name: pin, in: query, x-gatehouse: true,").find("x-gatehouse"), std::string::npos);
  EXPECT_NE(with(kPin, "{name: X-Pin, in: header, x-gatehouse: {log: true},")
                .find("only path and query parameters"),
            std::string::npos);
  constexpr std::string_view kElsewhere = "is only read in operations and parameters";
  for (const auto& [from, to] : {
           std::pair<std::string_view, std::string_view>{"paths:\n",
                                                         "x-gatehouse: {permission: a}\npaths:\n"},
           {"info: {", "info: {x-gatehouse: {}, "},
           {"  /catalogue:\n", "  /catalogue:\n    x-gatehouse: {permission: a}\n"},
           {"schema: {type: integer}", "schema: {type: integer, x-gatehouse: {log: true}}"},
           {"requestBody: {", "requestBody: {x-gatehouse: {}, "},
           {"{type: http, ", "{x-gatehouse: {}, type: http, "},
       }) {
    EXPECT_NE(with(from, to).find(kElsewhere), std::string::npos) << to;
  }
  EXPECT_EQ(with("properties: {note: {type: string}}", "properties: {x-gatehouse: {type: string}}"), "")
      << "a name that an author chose";
  EXPECT_EQ(with("note: {type: string}", "note: {type: string, example: {x-gatehouse: 1}}"), "");
}

// Keywords count at every place: behind references, in every branch, in parts.
TEST(Documents, ASecretIsOneThroughEveryReferenceAndComposition) {
  constexpr std::string_view kPin = "{name: pin, in: query, schema: {type: string, format: password}}";
  constexpr std::string_view kSchemas = R"(  schemas:
    Secret: {type: string, maxLength: 9, format: password}
    Chain: {$ref: '#/components/schemas/Secret'}
    Marked: {type: string, maxLength: 9, x-sensitive: true}
    Written: {type: string, maxLength: 9, writeOnly: true}
    Plain: {type: string, maxLength: 9}
  securitySchemes:
)";
  const auto with = [&](std::string_view parameter) {
    const std::string api = replaced(std::string(kNotesApi), kPin, parameter);
    return problems_of(std::string(kGatehouse), replaced(api, "  securitySchemes:\n", kSchemas));
  };
  const auto logged = [&](std::string_view schema) {
    return with(fmt::format("{{name: pin, in: query, x-gatehouse: {{log: true}}, schema: {}}}", schema));
  };
  for (const std::string_view schema : {
           "{$ref: '#/components/schemas/Secret'}",
           "{$ref: '#/components/schemas/Chain'}",
           "{$ref: '#/components/schemas/Marked'}",
           "{$ref: '#/components/schemas/Written'}",
           "{type: string, allOf: [{maxLength: 9}, {$ref: '#/components/schemas/Secret'}]}",
           "{anyOf: [{type: integer}, {$ref: '#/components/schemas/Chain'}]}",
           "{oneOf: [{type: integer}, {type: string, maxLength: 9, x-sensitive: true}]}",
           "{type: string, maxLength: 9, if: {minLength: 4}, then: {format: password}}",
           "{type: string, maxLength: 9, if: {minLength: 4}, else: {writeOnly: true}}",
           "{type: array, maxItems: 3, items: {$ref: '#/components/schemas/Secret'}}",
           "{type: object, properties: {a: {$ref: '#/components/schemas/Marked'}}}",
           "{type: object, properties: {a: {type: string}}, additionalProperties: {$ref: "
           "'#/components/schemas/Secret'}}",
       }) {
    EXPECT_NE(logged(schema).find("`pin` is secret"), std::string::npos) << schema << "\n" << logged(schema);
  }
  EXPECT_EQ(logged("{$ref: '#/components/schemas/Plain'}"), "");
  EXPECT_EQ(logged("{type: string, maxLength: 9, not: {format: password, maxLength: 2}}"), "")
      << "what it is not says nothing of what it is";
  EXPECT_NE(
      with("{name: pin, in: query, x-sensitive: true, x-gatehouse: {log: true}, schema: {type: string}}")
          .find("`pin` is secret"),
      std::string::npos);
  EXPECT_NE(logged("{type: string, x-sensitive: \"true\"}").find("x-sensitive must be true or false"),
            std::string::npos);
  EXPECT_NE(logged("{type: string, writeOnly: \"true\"}").find("writeOnly must be true or false"),
            std::string::npos);
}

}  // namespace
}  // namespace gatehouse::policy
