// Schemes that a document requires together: several proofs, one of which gives the acting principal.
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doc/source.h"
#include "openapi/load.h"
#include "policy/compile.h"

namespace gatehouse::policy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kTogetherApi = R"(openapi: 3.1.0
info: {{title: Orders, version: "1"}}
paths:
  /orders:
    get:
      operationId: listOrders
      security: [{{{0}: [], {1}: []}}]
      responses: {{"200": {{description: all}}}}
components:
  securitySchemes:
    oldKey: {{type: apiKey, in: header, name: X-API-Key}}
    newKey: {{type: apiKey, in: header, name: x-api-key}}
    cookieKey: {{type: apiKey, in: cookie, name: X-API-Key}}
    userToken: {{type: http, scheme: bearer}}
    otherToken: {{type: oauth2, flows: {{}}}}
    sentToken: {{type: apiKey, in: header, name: X-Token}}
    elseToken: {{type: apiKey, in: header, name: X-Else}}
    twoToken: {{type: apiKey, in: header, name: X-Two}}
)";

std::string token(std::string_view issuer, std::string_view audience, std::string_view prefix) {
  return fmt::format(
      "{{type: jwt, issuer: \"{}\", audience: {}, jwks: file:keys.json, algorithms: [ES256], "
      "prefix: \"{}\"}}",
      issuer, audience, prefix);
}

// The problems of an operation that asks for both; `principal` as `defaults` says it, and `same_as` as the
// authenticator of `other` says it.
std::string together(std::string_view one, std::string_view other, std::string_view principal,
                     std::string_view same_as = "") {
  std::string text = R"(openapi: [api.yaml]
threat_model: {exposure: partner, data: internal}
listen: {https: "127.0.0.1:8443"}
tls: {certificate: server.crt, private_key: file:server.key}
store: sqlite:state.db
upstreams: {orders: {url: "http://127.0.0.1:3000"}}
roles: {clerk: ["orders:read"]}
limits: {per_ip: {per: ip, rate: 10/s, burst: 10}}
operations: {listOrders: {permission: orders:read}}
log: [stdout]
authenticators:
)";
  const auto key = [](std::string_view prefix) {
    return fmt::format("{{type: api_key, prefix: \"{}\"}}", prefix);
  };
  const std::pair<std::string_view, std::string> authenticators[] = {
      {"oldKey", key("old:")},
      {"newKey", key("new:")},
      {"cookieKey", key("cookie:")},
      {"userToken", token("https://idp.test/", "orders", "user:")},
      {"otherToken", token("https://other.test/", "orders", "other:")},
      {"sentToken", token("https://idp.test/", "[bills, orders]", "sent:")},
      {"elseToken", token("https://else.test/", "orders", "else:")},
      {"twoToken", token("https://idp.test/", "bills", "two:")},
  };
  for (const auto& [name, authenticator] : authenticators) {
    if (name == other && !same_as.empty()) {
      text += fmt::format("  {}: {{same_as: {}}}\n", name, same_as);
    } else if (name == one || name == other) {
      text += fmt::format("  {}: {}\n", name, authenticator);
    }
  }
  text += "defaults: {limits: [per_ip], upstream: orders";
  if (!principal.empty()) text += fmt::format(", principal: {}", principal);
  text += "}\n";

  std::string api = fmt::format(kTogetherApi, one, other);
  for (const auto& [name, authenticator] : authenticators) {  // a scheme that nothing proves is a problem too
    const auto line = api.find(fmt::format("    {}: {{", name));
    if (name != one && name != other) api.erase(line, api.find('\n', line) + 1 - line);
  }
  Problems problems;
  CompileInput input;
  if (const auto source = doc::parse(text, "gatehouse.yaml", problems, {}))
    input.settings = read_settings(*source, "/etc/gatehouse", problems);
  input.apis.push_back(openapi::load(
      "api.yaml", [&](const std::filesystem::path&) -> Result<std::string> { return api; }, {}, problems));
  const auto set = compile(std::move(input), problems);
  EXPECT_EQ(set == nullptr, !problems.empty());
  return problems.text();
}

TEST(Together, OneCredentialIsNotTwoProofs) {
  for (const auto& [one, other] : {std::pair{"oldKey", "newKey"}, {"userToken", "otherToken"}}) {
    EXPECT_THAT(together(one, other, one),
                AllOf(HasSubstr(fmt::format("listOrders: requires {} and {} together, but both have the "
                                            "same place, which holds one credential",
                                            one, other))))
        << one;
  }
  EXPECT_THAT(together("userToken", "sentToken", "userToken"),
              HasSubstr("listOrders: requires userToken and sentToken together, but one token of "
                        "https://idp.test/ for the audience `orders` could be both"));
}

TEST(Together, OneCredentialIsEnoughWhereTheConfigurationSaysSo) {
  EXPECT_EQ(together("oldKey", "newKey", "", "oldKey"), "") << "and nobody has to say who acts";
  EXPECT_EQ(together("userToken", "otherToken", "", "userToken"), "");
  EXPECT_THAT(together("oldKey", "cookieKey", "", "oldKey"), HasSubstr("`cookieKey` has another place"));
  EXPECT_THAT(together("oldKey", "newKey", "", "elseToken"),
              HasSubstr("authenticators.newKey.same_as: there is no authenticator `elseToken`"));
  EXPECT_THAT(together("oldKey", "newKey", "", "newKey"), HasSubstr("there is no authenticator `newKey`"));
}

TEST(Together, TwoCredentialsAre) {
  EXPECT_EQ(together("oldKey", "cookieKey", "oldKey"), "") << "the name of a cookie is no field's";
  EXPECT_EQ(together("oldKey", "userToken", "userToken"), "");
  EXPECT_EQ(together("userToken", "elseToken", "userToken"), "") << "another issuer";
  EXPECT_EQ(together("userToken", "twoToken", "userToken"), "") << "another audience";
}

TEST(Together, WhoActsIsSaid) {
  EXPECT_THAT(together("oldKey", "userToken", ""),
              HasSubstr("listOrders: requires oldKey and userToken together; choose the one that gives "
                        "principal.id, with `principal: userToken` here or in `defaults`"));
}

}  // namespace
}  // namespace gatehouse::policy
