// Settings in place of missing statements of the document: security, and the accepted media types.
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/load.h"

namespace gatehouse::policy {
namespace {

using testing::HasSubstr;
using testing::Not;

struct AddedPolicy {
  std::shared_ptr<const PolicySet> set;
  std::string problems;
};

constexpr std::string_view kTwoOperations = R"(paths:
  /things:
    get: {operationId: listThings, responses: {"200": {description: ok}}}
    post:
      operationId: addThing
      requestBody:
        content:
          application/json: {schema: {type: object}}
          application/xml: {schema: {type: object}}
      responses: {"200": {description: ok}}
)";

// `document`: the text after its info. `top`, `defaults` and `add` (of addThing): the settings at these
// places.
AddedPolicy with(std::string_view document, std::string_view top, std::string_view defaults,
                 std::string_view add, std::string_view list = "") {
  const std::string api =
      fmt::format("openapi: 3.0.3\ninfo: {{title: Things, version: \"1\"}}\n{}", document);
  const std::string configuration = fmt::format(
      "openapi: [api.yaml]\nlisten: {{https: \"127.0.0.1:8443\"}}\ntls: {{certificate: c, private_key: "
      "file:k}}\n"
      "upstreams: {{things: {{url: \"http://127.0.0.1:3000\"}}}}\nroles: {{user: [things]}}\n"
      "limits: {{a: {{per: ip, rate: 9/s, burst: 9}}}}\n{}defaults: {{limits: [a], upstream: things{}}}\n"
      "operations:\n  listThings: {{permission: things{}}}\n  addThing: {{permission: things{}}}\n",
      top, defaults, list, add);
  Problems problems;
  AddedPolicy result;
  result.set = load("gatehouse.yaml",
                    {.read = [&](const std::filesystem::path& path) -> Result<std::string> {
                       return path.filename() == "api.yaml" ? api : configuration;
                     },
                     .handlers = {}},
                    problems);
  result.problems = problems.text();
  return result;
}

constexpr std::string_view kSchemes =
    "security_schemes: {key: {type: apiKey, in: header, name: X-Key}, other: {type: apiKey, in: header, "
    "name: "
    "X-Other}}\nauthenticators: {key: {type: api_key, prefix: \"a:\"}, other: {type: api_key, prefix: "
    "\"a:\"}}\n";
constexpr std::string_view kJson = ", media_types: [application/json]";
constexpr std::string_view kByKey = ", security: [{key: []}]";

TEST(Additions, TheSecurityOfTheConfigurationHoldsWhereTheDocumentStatesNone) {
  const auto added =
      with(kTwoOperations, kSchemes, fmt::format("{}{}", kJson, kByKey), ", security: [{other: []}]");
  ASSERT_TRUE(added.set) << added.problems;
  const auto scheme = [&](std::string_view name) {
    const Operation& operation = *added.set->find(name);
    return added.set->authenticators[operation.alternatives.at(0).at(0).authenticator].name;
  };
  EXPECT_EQ(scheme("listThings"), "key");
  EXPECT_EQ(scheme("addThing"), "other");
  EXPECT_FALSE(added.set->find("listThings")->admits_anonymous);
}

TEST(Additions, TheSecurityOfAnOperationReplacesThatOfItsDocument) {
  const std::string stating = fmt::format(
      "components: {{securitySchemes: {{doc: {{type: apiKey, in: query, name: k}}}}}}\n"
      "security: [{{doc: []}}]\n{}",
      kTwoOperations);
  const auto added = with(stating, kSchemes, fmt::format("{}{}", kJson, kByKey), ", security: [{other: []}]");
  EXPECT_FALSE(added.set);
  EXPECT_THAT(added.problems,
              HasSubstr("`authenticators` has none for the security scheme `doc`, which listThings"))
      << "defaults are for operations whose document states nothing";
  EXPECT_THAT(added.problems, Not(HasSubstr("addThing")));
  const auto slip = with(kTwoOperations, kSchemes, fmt::format("{}, security: [{{keys: []}}]", kJson), "");
  EXPECT_THAT(slip.problems, HasSubstr("there is no security scheme `keys`"));
  EXPECT_THAT(slip.problems, HasSubstr("did you mean `key`?"));
  // Also one that admits everybody, if there is a reason.
  const auto open = with(stating, kSchemes, kJson, ", security: []");
  EXPECT_THAT(open.problems, HasSubstr("addThing: its `security` admits a caller without credentials"));
}

TEST(Additions, ADocumentWithoutSecurityIsOneProblem) {
  const auto open = with(kTwoOperations, "", kJson, "");
  constexpr std::string_view kText =
      "listThings and 1 more: nothing states their `security`, which admits a caller without credentials; "
      "write `security: [{NAME: []}]` in the OpenAPI document, or in gatehouse.yaml under `defaults` or for "
      "the operation, where NAME is a scheme of the document or of `security_schemes`, or `public: \"the "
      "reason\"` to each policy\n";
  EXPECT_THAT(open.problems, HasSubstr(std::string(kText)));
  EXPECT_EQ(open.problems.find("without credentials"), open.problems.rfind("without credentials"));
  const auto one = with(kTwoOperations, "", kJson, ", public: a reason");
  EXPECT_THAT(one.problems, HasSubstr("listThings: nothing states its `security`, which admits a caller"));
}

TEST(Additions, OnlyTheMediaTypesThatAreTakenHaveToBeChecked) {
  const auto all = with(kTwoOperations, kSchemes, kByKey, "");
  EXPECT_THAT(all.problems, HasSubstr("`application/xml` cannot be checked against a schema"));
  const auto json = with(kTwoOperations, kSchemes, kByKey, ", media_types: Application/JSON");
  ASSERT_TRUE(json.set) << json.problems;
  const auto& body = *json.set->find("addThing")->api->body;
  ASSERT_EQ(body.content.size(), 1U);
  EXPECT_EQ(body.untaken.at(0).type, "application/xml");
  const auto none = with(kTwoOperations, kSchemes, fmt::format("{}, media_types: [text/plain]", kByKey),
                         ", media_types: []");
  ASSERT_TRUE(none.set) << none.problems;
  EXPECT_TRUE(none.set->find("addThing")->api->body->content.empty());
  EXPECT_THAT(
      with(kTwoOperations, kSchemes, fmt::format("{}{}", kByKey, kJson), ", media_types: [text/plain]")
          .problems,
      HasSubstr("addThing: its document has none of these `media_types`"));
  EXPECT_THAT(with(kTwoOperations, kSchemes, fmt::format("{}{}", kByKey, kJson), "", kJson).problems,
              HasSubstr("listThings: its document has none of these `media_types`"));
  for (const std::string_view wrong : {"json", "application/json; version=1", "application/"}) {
    EXPECT_THAT(
        with(kTwoOperations, kSchemes, fmt::format("{}, media_types: [\"{}\"]", kByKey, wrong), "").problems,
        HasSubstr("is not a media type without parameters"))
        << wrong;
  }
}

}  // namespace
}  // namespace gatehouse::policy
