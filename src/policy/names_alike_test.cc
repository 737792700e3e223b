// Names of one operation that a server may take for one another, and entries of one name that ask different
// things of a value.
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/load.h"

namespace gatehouse::policy {
namespace {

using ::testing::HasSubstr;

// `parameters`: of the only operation, as YAML flow objects. `fields`: of the top level; the others: of the
// upstream and of the operation.
std::string problems_of_names(std::string_view parameters, std::string_view fields,
                              std::string_view of_upstream = "{}", std::string_view of_operation = "{}") {
  const std::string api = fmt::format(R"(openapi: 3.1.0
info: {{title: Names, version: "1"}}
paths:
  /names:
    get:
      operationId: listNames
      security: [{{}}]
      parameters: [{}]
      responses: {{"200": {{description: it}}}}
components:
  securitySchemes:
    key: {{type: apiKey, in: header, name: X-API-Key}}
    session: {{type: apiKey, in: cookie, name: sid}}
)",
                                      parameters);
  const std::string configuration = fmt::format(R"(openapi: [api.yaml]
threat_model: {{exposure: partner, data: internal}}
listen: {{https: "127.0.0.1:8443", names: [localhost]}}
tls: {{certificate: server.crt, private_key: file:server.key}}
upstreams: {{web: {{url: "http://127.0.0.1:3000", fields: {}}}}}
authenticators: {{key: {{type: api_key, prefix: "a:"}}, session: {{type: api_key, prefix: "a:"}}}}
roles: {{anonymous: ["names:read"]}}
limits: {{per_ip: {{per: ip, rate: 10/s}}}}
defaults: {{limits: [per_ip], upstream: web}}
fields: {}
operations:
  listNames: {{permission: "names:read", public: a test, fields: {}}}
)",
                                                of_upstream, fields, of_operation);
  Problems problems;
  LoadOptions options;
  options.read = [&](const std::filesystem::path& file) -> Result<std::string> {
    return file.filename() == "api.yaml" ? api : configuration;
  };
  load("gatehouse.yaml", options, problems);
  return problems.text();
}

std::string name_in(std::string_view in, std::string_view name,
                    std::string_view schema = "{type: string, maxLength: 9}") {
  return fmt::format("{{name: {}, in: {}, schema: {}}}", name, in, schema);
}

constexpr std::string_view kOneField = " are one name to upstreams that read fields as variables";
constexpr std::string_view kOneCookie = " are one name to upstreams that find cookies without regard to case";

TEST(NamesAlike, OfFieldsDoNotBothGoOn) {
  const std::string tenant = name_in("header", "X-Tenant", "{enum: [good]}");
  const auto text = problems_of_names(tenant, "{forward: [X_Tenant]}");
  EXPECT_THAT(text, HasSubstr("the parameter `X-Tenant` (api.yaml:8) and the entry `X_Tenant` of `forward` "
                              "(gatehouse.yaml:10)"));
  EXPECT_THAT(text, HasSubstr(std::string(kOneField)));
  EXPECT_THAT(text, HasSubstr("; rename one of them, or remove it"));
  EXPECT_THAT(problems_of_names("", "{forward: [X-Pair, X_Pair]}"), HasSubstr(std::string(kOneField)));
  EXPECT_THAT(problems_of_names("", "{forward: [X-Pair]}", "{forward: [X.Pair]}"),
              HasSubstr(std::string(kOneField)));
  EXPECT_THAT(problems_of_names("", "{forward: [X-Pair]}", "{}", "{forward: [X_Pair]}"),
              HasSubstr(std::string(kOneField)));
  EXPECT_THAT(problems_of_names(tenant, "{forward: [{name: X_Tenant, schema: {type: string}}]}"),
              HasSubstr(std::string(kOneField)));
  EXPECT_THAT(problems_of_names(tenant + ", " + name_in("header", "X_Tenant"), "{}"),
              HasSubstr(std::string(kOneField)));
  EXPECT_THAT(
      problems_of_names(name_in("header", "X_API_Key"), "{}"),
      HasSubstr("the parameter `X_API_Key` (api.yaml:8) and `x-api-key`, which carries a credential"));
  EXPECT_EQ(
      problems_of_names(tenant + ", " + name_in("header", "X-API-Key"), "{forward: [x-tenant, X-Tenants]}"),
      "");
}

TEST(NamesAlike, OfCookiesDoNotBothGoOn) {
  EXPECT_THAT(problems_of_names(name_in("cookie", "SID"), "{}"),
              HasSubstr("the parameter `SID` (api.yaml:8) and `sid`, which carries a credential"));
  EXPECT_THAT(problems_of_names(
                  name_in("cookie", "theme", "{enum: [dark]}") + ", " + name_in("cookie", "Theme"), "{}"),
              HasSubstr(std::string(kOneCookie)));
  EXPECT_THAT(problems_of_names(name_in("cookie", "theme"), "{cookies: {forward: [Theme]}}"),
              HasSubstr(std::string(kOneCookie)))
      << "each request with it would be refused";
  EXPECT_THAT(problems_of_names("", "{cookies: {forward: [a_b, a.b]}}"), HasSubstr(std::string(kOneCookie)));
  EXPECT_EQ(problems_of_names(name_in("cookie", "theme"), "{cookies: {forward: [theme, themes]}}"), "");
}

TEST(EntriesOfOneName, OfOtherTypesAreAProblem) {
  EXPECT_THAT(
      problems_of_names(name_in("header", "X-Ct"), "{forward: [{name: x-ct, schema: {type: integer}}]}"),
      HasSubstr("`x-ct` has another type at api.yaml:8: no value would satisfy both schemas"));
  EXPECT_EQ(problems_of_names(name_in("header", "X-Ct"), "{forward: [{name: X-Ct, schema: {enum: [good]}}]}",
                              "{forward: [{name: X-Ct, schema: {type: string, maxLength: 4}}]}"),
            "");
}

}  // namespace
}  // namespace gatehouse::policy
