// Conditions, objects and limits can read fields and cookies that the operation declares or that
// `fields.forward` gives a schema; any other is a problem when the configuration is loaded, with its remedy.
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/load.h"

namespace gatehouse::policy {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kTenantsApi = R"(openapi: 3.1.0
info: {title: Tenants, version: "1"}
paths:
  /tenants:
    get:
      operationId: listTenants
      security: [{}]
      parameters:
        - {name: X-Tenant, in: header, schema: {type: string, maxLength: 9}}
        - {name: theme, in: cookie, schema: {type: string, maxLength: 9}}
        - {name: X-Forwarded-For, in: header, schema: {type: string, maxLength: 99}}
        - {name: X-Request-Id, in: header, schema: {type: string, maxLength: 99}}
        - {name: Gatehouse-Principal, in: header, schema: {type: string, maxLength: 99}}
        - {name: Cookie, in: header, schema: {type: string, maxLength: 99}}
      responses: {"200": {description: it}}
  /plain:
    get: {operationId: plain, security: [{}], responses: {"200": {description: it}}}
)";

// With a condition of listTenants, and a key of the limit that it has.
std::string problems_with(std::string_view condition, std::string_view key, std::string_view fields = "",
                          std::string_view limits_of_plain = "[per_ip]") {
  const std::string gatehouse = fmt::format(R"(openapi: [api.yaml]
threat_model: {{exposure: partner, data: internal}}
listen: {{https: "127.0.0.1:8443", names: [localhost]}}
tls: {{certificate: server.crt, private_key: file:server.key}}
upstreams: {{web: {{url: "http://127.0.0.1:3000"}}}}
authenticators: {{}}
roles: {{anonymous: ["tenants:read"]}}
limits: {{per_ip: {{per: ip, rate: 10/s}}, per_key: {{per: [ip, "{}"], rate: 10/s}}}}
defaults: {{limits: [per_ip], upstream: web}}
{}operations:
  listTenants: {{permission: "tenants:read", public: a test, limits: [per_ip, per_key], when: "{}"}}
  plain: {{permission: "tenants:read", public: a test, limits: {}}}
)",
                                            key, fields, condition, limits_of_plain);
  Problems problems;
  LoadOptions options;
  options.read = [&](const std::filesystem::path& file) -> Result<std::string> {
    return file.filename() == "api.yaml" ? std::string(kTenantsApi) : gatehouse;
  };
  load("gatehouse.yaml", options, problems);
  return problems.text();
}

constexpr std::string_view kGoodCondition = "request.header['X-Tenant'] != 'x'";
constexpr std::string_view kGoodKey = "header['X-Tenant']";

TEST(DeclaredNames, AreSeen) {
  EXPECT_EQ(problems_with(kGoodCondition, kGoodKey), "");
  EXPECT_EQ(problems_with("request.cookie.theme == 'dark'", "request.cookie.theme"), "");
  const std::string_view fields =
      "fields: {forward: [{name: X-Region, schema: {type: string, maxLength: 9}}]}\n";
  EXPECT_EQ(
      problems_with("request.header['X-Region'] == 'x'", "header['X-Region']", fields, "[per_ip, per_key]"),
      "");
}

TEST(DeclaredNames, AreAllThatConditionsSee) {
  for (const char* name : {"X-Other", "x-tenant", "X_Tenant"}) {
    const std::string problems = problems_with(fmt::format("request.header['{}'] == 'x'", name), kGoodKey);
    EXPECT_THAT(problems, HasSubstr("request.header has no member")) << name;
    EXPECT_THAT(problems,
                HasSubstr("; declare it as a header parameter, or give it a schema in fields.forward"));
  }
  EXPECT_THAT(problems_with("request.header['X-Plain'] == 'x'", kGoodKey, "fields: {forward: [X-Plain]}\n"),
              HasSubstr("give it a schema in fields.forward"))
      << "its values are not checked";
  EXPECT_THAT(problems_with("request.cookie.sid == 'x'", kGoodKey),
              HasSubstr("; declare it as a cookie parameter"));
}

// The upstream receives another value, or none: a condition on the client's would decide by a lie.
TEST(DeclaredNames, OfFieldsThatGatehouseWritesAreNotSeen) {
  for (const auto& [name, mend] : {std::pair{"X-Forwarded-For", "use `request.ip`"},
                                   {"x-forwarded-for", "use `request.ip`"},
                                   {"X-Request-Id", "use `request.id`"},
                                   {"Gatehouse-Principal", "use `principal`"},
                                   {"Cookie", "declare a cookie parameter"},
                                   {"Host", "remove the parameter"}}) {
    const std::string text = fmt::format("request.header['{}']", name);
    const std::string wanted =
        fmt::format("`{}`: an upstream never receives this field as the client sent it; {}", name, mend);
    EXPECT_THAT(problems_with(text + " == 'x'", kGoodKey), HasSubstr(wanted));
    EXPECT_THAT(problems_with(fmt::format("!('{}' in request.header)", name), kGoodKey), HasSubstr(wanted));
    EXPECT_THAT(problems_with(kGoodCondition, text), HasSubstr(wanted));
  }
}

TEST(DeclaredNames, AreAllThatConditionsAskAbout) {
  EXPECT_EQ(problems_with("'X-Tenant' in request.header && 'theme' in request.cookie", kGoodKey), "");
  EXPECT_THAT(problems_with("!('X-Debug' in request.header)", kGoodKey),
              HasSubstr("; declare it as a header parameter, or give it a schema in fields.forward"));
  EXPECT_THAT(problems_with("!('X-Fwd' in request.header)", kGoodKey, "fields: {forward: [X-Fwd]}\n"),
              HasSubstr("give it a schema in fields.forward"))
      << "it goes on, so that the condition would be wrong";
  EXPECT_THAT(problems_with("!('sid' in request.cookie)", kGoodKey),
              HasSubstr("; declare it as a cookie parameter"));
  EXPECT_THAT(problems_with("!('q' in request.query)", kGoodKey),
              HasSubstr("request.query has no member 'q'"));
  for (const char* whole : {"size(request.header) == 0", "!request.cookie.exists(k, k == 'sid')"})
    EXPECT_THAT(problems_with(whole, kGoodKey), HasSubstr("cannot be used as a whole")) << whole;
  EXPECT_EQ(problems_with("size(request.query) == 0", kGoodKey), "") << "undeclared ones are refused";
}

TEST(DeclaredNames, AreAllThatLimitsSee) {
  EXPECT_THAT(problems_with(kGoodCondition, "request.header['X-Other']"),
              HasSubstr("listTenants: the key `request.header['X-Other']` of the limit `per_key`: "
                        "request.header has no member 'X-Other'"));
  EXPECT_THAT(problems_with(kGoodCondition, "cookie.sid"), HasSubstr("; declare it as a cookie parameter"));
  EXPECT_THAT(problems_with(kGoodCondition, kGoodKey, "", "[per_ip, per_key]"),
              HasSubstr("plain: the key `header['X-Tenant']` of the limit `per_key`"))
      << "each operation that has the limit declares what its key names";
  EXPECT_EQ(problems_with(kGoodCondition, "request.query.anything"), "")
      << "shared by operations of many shapes";
}

}  // namespace
}  // namespace gatehouse::policy
