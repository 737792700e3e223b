// Documents beside each other: by host, below a prefix, and in front of one upstream.
#include "policy/routes.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/route_table.h"
#include "policy/load.h"

namespace gatehouse::policy {
namespace {

using ::testing::HasSubstr;

// A document whose operations are `GET PATH`, each with the permission after it: "/docs/{id} read".
std::string document_of(std::string_view servers, std::initializer_list<std::string_view> paths) {
  std::string all;
  for (const std::string_view one : paths) {
    const auto space = one.find(' ');
    const std::string_view path = one.substr(0, space);
    std::string parameters;
    for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
      parameters +=
          fmt::format("{}{{name: {}, in: path, required: true, schema: {{type: string}}}}",
                      parameters.empty() ? "" : ", ", path.substr(open + 1, path.find('}', open) - open - 1));
    }
    all += fmt::format(
        "  {}: {{get: {{parameters: [{}], responses: {{\"200\": {{description: d}}}}, x-gatehouse: {}}}}}\n",
        path, parameters,
        one.substr(space + 1) == "excluded"
            ? "{exclude: later}"
            : fmt::format("{{permission: \"docs:{}\"}}", one.substr(space + 1)));
  }
  return fmt::format(
      "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\nservers: [{}]\nsecurity: [{{key: []}}]\npaths:\n{}"
      "components: {{securitySchemes: {{key: {{type: apiKey, in: header, name: X-API-Key}}}}}}\n",
      servers, all);
}

struct Setting {
  std::string openapi;
  std::map<std::string, std::string> files;
  std::string upstreams = "one: {url: \"http://127.0.0.1:3000\"}, two: {url: \"http://127.0.0.1:4000\"}";
  std::string more{};
};

std::shared_ptr<const PolicySet> load_all(const Setting& setting, Problems& problems) {
  const std::string settings = fmt::format(
      "openapi: {}\nlisten: {{https: \"127.0.0.1:8443\"}}\ntls: {{certificate: a.crt, private_key: "
      "\"file:a.key\"}}\nupstreams: {{{}}}\nauthenticators: {{key: {{type: api_key}}}}\nroles: {{reader: "
      "[\"docs:*\"]}}\nlimits: {{per_ip: {{per: ip, rate: 10/s}}}}\ndefaults: {{limits: [per_ip], upstream: "
      "one}}\n{}",
      setting.openapi, setting.upstreams, setting.more);
  return load("gatehouse.yaml",
              {.read = [&](const std::filesystem::path& path) -> Result<std::string> {
                 const auto file = setting.files.find(path.filename());
                 return file == setting.files.end() ? settings : file->second;
               },
               .handlers = {}},
              problems);
}

// The name of the operation, or the outcome.
std::string found(const PolicySet& policy, std::string_view authority, std::string_view path) {
  http::Captures captures;
  const http::RouteMatch match = policy.routes.find(authority, http::Method::get, path, captures);
  switch (match.outcome) {
    case http::RouteOutcome::found: return policy.operations[match.route].name;
    case http::RouteOutcome::withheld: return "withheld: " + policy.excluded[match.route].rule;
    case http::RouteOutcome::ambiguous: return "ambiguous";
    case http::RouteOutcome::no_path: return "none";
    case http::RouteOutcome::no_method: return "no method";
  }
  return {};
}

std::shared_ptr<const PolicySet> policy_for(const Setting& setting) {
  Problems problems;
  auto policy = load_all(setting, problems);
  EXPECT_TRUE(policy) << problems.text();
  return policy ? policy : std::make_shared<const PolicySet>();
}
std::string problems_of(const Setting& setting) {
  Problems problems;
  EXPECT_FALSE(load_all(setting, problems));
  return problems.text();
}

TEST(Routes, AHostSelectsTheDocument) {
  const auto policy =
      policy_for({"[{file: a.yaml, name: a, hosts: [A.example.com, 192.0.2.1, \"2001:db8::1\"]}, {file: "
                  "b.yaml, name: b, "
                  "hosts: \"*.b.example.com\", upstream: two}, c.yaml]",
                  {{"a.yaml", document_of("", {"/docs/{id} a", "/only read"})},
                   {"b.yaml", document_of("", {"/docs/{id} b"})},
                   {"c.yaml", document_of("", {"/health read"})}}});
  EXPECT_EQ(found(*policy, "a.example.com", "/docs/1"), "a.GET /docs/{id}");
  EXPECT_EQ(found(*policy, "a.example.com:8443", "/docs/1"), "a.GET /docs/{id}");
  EXPECT_EQ(found(*policy, "192.0.2.1:8443", "/docs/1"), "a.GET /docs/{id}");
  EXPECT_EQ(found(*policy, "[2001:db8::1]", "/docs/1"), "a.GET /docs/{id}");
  EXPECT_EQ(found(*policy, "[2001:db8::1]:8443", "/docs/1"), "a.GET /docs/{id}");
  EXPECT_EQ(found(*policy, "x.b.example.com", "/docs/1"), "b.GET /docs/{id}");
  for (const std::string_view other : {"b.example.com", "y.x.b.example.com", "c.example.com",
                                       "xa.example.com", "[2001:db8::2]", "192.0.2.11", ""}) {
    EXPECT_EQ(found(*policy, other, "/docs/1"), "none") << other;
    EXPECT_EQ(found(*policy, other, "/health"), "GET /health") << other;
  }
  EXPECT_EQ(found(*policy, "a.example.com", "/health"), "GET /health");
  EXPECT_EQ(found(*policy, "x.b.example.com", "/only"), "none");
}

TEST(Routes, AHostBesideAWildcardHasTheDocumentsOfBoth) {
  const auto policy =
      policy_for({"[{file: a.yaml, hosts: [\"*.example.com\"]}, {file: b.yaml, hosts: "
                  "[b.example.com], upstream: two}]",
                  {{"a.yaml", document_of("", {"/a read"})}, {"b.yaml", document_of("", {"/b read"})}}});
  EXPECT_EQ(found(*policy, "b.example.com", "/a"), "GET /a");
  EXPECT_EQ(found(*policy, "b.example.com", "/b"), "GET /b");
  EXPECT_EQ(found(*policy, "c.example.com", "/b"), "none");
}

TEST(Routes, OnePathOfOneHostIsOneOperations) {
  const std::string said = problems_of(
      {"[{file: a.yaml, name: a, hosts: [x.test, y.test]}, {file: b.yaml, name: "
       "b, hosts: [y.test]}]",
       {{"a.yaml", document_of("", {"/docs/{id} a"})}, {"b.yaml", document_of("", {"/docs/{name} b"})}}});
  EXPECT_THAT(said, HasSubstr("`b.GET /docs/{name}` (/docs/{name}) and `a.GET /docs/{id}` (/docs/{id})"));
  EXPECT_THAT(said, HasSubstr("give their documents different `hosts`, `prefix` or `strip` in `openapi`"));
}

TEST(Routes, ThePrefixStandsInPlaceOfTheServers) {
  const auto policy = policy_for({"[{file: a.yaml, prefix: /v2/}, {file: b.yaml, prefix: \"\"}]",
                                  {{"a.yaml", document_of("{url: /v1}", {"/a read"})},
                                   {"b.yaml", document_of("{url: \"https://x.test/v1\"}", {"/b read"})}}});
  EXPECT_EQ(found(*policy, "x.test", "/v2/a"), "GET /a");
  EXPECT_EQ(found(*policy, "x.test", "/b"), "GET /b");
  for (const std::string_view other : {"/v1/a", "/a", "/v2//a", "/v1/b"})
    EXPECT_EQ(found(*policy, "x.test", other), "none") << other;
}

TEST(Routes, ThePathBeginsWithStripOnce) {
  for (const std::string_view servers : {"", "{url: /billing}", "{url: /billing}, {url: \"\"}"}) {
    const auto policy = policy_for(
        {"[{file: a.yaml, strip: /billing}]", {{"a.yaml", document_of(servers, {"/docs/{id} read"})}}});
    EXPECT_EQ(found(*policy, "x.test", "/billing/docs/1"), "GET /docs/{id}") << servers;
    for (const std::string_view other : {"/docs/1", "/billing/billing/docs/1", "/billingdocs/1",
                                         "/BILLING/docs/1", "/billing/../docs/1", "/billing%2Fdocs/1"})
      EXPECT_EQ(found(*policy, "x.test", other), "none") << servers << other;
  }
  const auto below = policy_for({"[{file: a.yaml, strip: /billing, prefix: /v1}]",
                                 {{"a.yaml", document_of("{url: /billing-v0}", {"/docs/{id} read"})}}});
  EXPECT_EQ(found(*below, "x.test", "/billing/v1/docs/1"), "GET /docs/{id}");
  const auto alike = policy_for({"[{file: a.yaml, strip: /billing}]",
                                 {{"a.yaml", document_of("{url: /billing-v0}", {"/docs/{id} read"})}}});
  EXPECT_EQ(found(*alike, "x.test", "/billing/billing-v0/docs/1"), "GET /docs/{id}");
}

TEST(Routes, ABeginningOfAPathIsOfWholeSegments) {
  for (const std::string_view wrong :
       {"billing", "//", "/ ", "/a//b", "/a/../b", "/{tenant}", "/a?b", "/%61", "/a/."}) {
    for (const std::string_view key : {"strip", "prefix"}) {
      EXPECT_THAT(problems_of({fmt::format("[{{file: a.yaml, {}: \"{}\"}}]", key, wrong),
                               {{"a.yaml", document_of("", {"/docs/{id} read"})}}}),
                  HasSubstr("must be the beginning of a path"))
          << key << wrong;
    }
  }
}

TEST(Routes, AHostIsAHost) {
  for (const std::string_view wrong :
       {"a.test:8443", "https://a.test", "a_b/", "*", "*.", "[::1]:1", "a*.test"}) {
    EXPECT_THAT(problems_of({fmt::format("[{{file: a.yaml, hosts: [\"{}\"]}}]", wrong),
                             {{"a.yaml", document_of("", {"/docs/{id} read"})}}}),
                HasSubstr("is not a host without a port"))
        << wrong;
  }
  EXPECT_THAT(
      problems_of({"[{file: a.yaml, hosts: []}]", {{"a.yaml", document_of("", {"/docs/{id} read"})}}}),
      HasSubstr("names no host"));
}

// Two documents in front of one service: /docs/admin is its own operation there, for whichever host.
class OneService : public ::testing::TestWithParam<std::string_view> {};

TEST_P(OneService, DoesNotReadAPathAsAnotherDocuments) {
  const bool by_host = GetParam() == "hosts";
  const std::string openapi =
      by_host ? "[{file: a.yaml, name: a, hosts: [a.test]}, {file: b.yaml, name: b, hosts: [b.test]}]"
              : "[{file: a.yaml, name: a, strip: /a}, {file: b.yaml, name: b, strip: /b}]";
  const auto policy = policy_for(
      {openapi,
       {{"a.yaml", document_of("", {"/docs/admin strict", "/docs/mine excluded", "/docs/open read"})},
        {"b.yaml", document_of("", {"/docs/{id} read"})}}});
  const auto at = [&](std::string_view document, std::string_view path) {
    return by_host ? found(*policy, fmt::format("{}.test", document), path)
                   : found(*policy, "x.test", fmt::format("/{}{}", document, path));
  };
  EXPECT_EQ(at("a", "/docs/admin"), "a.GET /docs/admin");
  EXPECT_EQ(at("b", "/docs/7"), "b.GET /docs/{id}");
  EXPECT_EQ(at("b", "/docs/open"), "b.GET /docs/{id}");  // the same policy
  for (const std::string_view path : {"/docs/admin", "/docs/Admin", "/docs/admin;x", "/docs/admin.json",
                                      "/docs/admin%20", "/docs/%2561dmin", "/docs/mine", "/docs/MINE"})
    EXPECT_EQ(at("b", path), "ambiguous") << path;
}

INSTANTIATE_TEST_SUITE_P(Routes, OneService, ::testing::Values("hosts", "strip"));

TEST(Routes, TwoUpstreamsOfOneServerAreOneService) {
  const Setting setting{
      "[{file: a.yaml, name: a, hosts: [a.test]}, {file: b.yaml, name: b, hosts: [b.test], "
      "upstream: two}]",
      {{"a.yaml", document_of("", {"/docs/admin strict"})},
       {"b.yaml", document_of("", {"/{kind}/{id} read"})}}};
  const auto ask = [&](std::string_view upstreams) {
    Setting other = setting;
    other.upstreams = upstreams;
    return found(*policy_for(other), "b.test", "/docs/admin");
  };
  EXPECT_EQ(ask("one: {url: \"http://10.0.0.1:80\"}, two: {url: \"http://10.0.0.2:80\"}"),
            "b.GET /{kind}/{id}");
  EXPECT_EQ(ask("one: {url: \"http://10.0.0.1:80\"}, two: {url: \"http://10.0.0.1\"}"), "ambiguous");
  EXPECT_EQ(ask("one: {url: [\"http://10.0.0.1:80\", \"http://10.0.0.3\"]}, two: {url: \"http://10.0.0.3\"}"),
            "ambiguous");
  // Below different paths of the server.
  EXPECT_EQ(ask("one: {url: \"http://10.0.0.1/a\"}, two: {url: \"http://10.0.0.1/b\"}"),
            "b.GET /{kind}/{id}");
  EXPECT_EQ(ask("one: {url: \"http://10.0.0.1/docs\"}, two: {url: \"http://10.0.0.1\"}"),
            "b.GET /{kind}/{id}");
}

TEST(Routes, ABasePathIsAPartOfTheUpstreamsPath) {
  const auto policy = policy_for(
      {"[{file: a.yaml, name: a, strip: /a}, {file: b.yaml, name: b, strip: /b, upstream: two}]",
       {{"a.yaml", document_of("", {"/admin strict"})}, {"b.yaml", document_of("", {"/{kind}/{id} read"})}},
       "one: {url: \"http://10.0.0.1/docs\"}, two: {url: \"http://10.0.0.1\"}"});
  EXPECT_EQ(found(*policy, "x.test", "/a/admin"), "a.GET /admin");
  EXPECT_EQ(found(*policy, "x.test", "/b/docs/7"), "b.GET /{kind}/{id}");
  EXPECT_EQ(found(*policy, "x.test", "/b/docs/admin"), "ambiguous");
  EXPECT_EQ(found(*policy, "x.test", "/b/Docs/Admin"), "ambiguous");
}

TEST(Routes, OnePathUnderTwoHostsHasThePolicyOfEach) {
  const auto policy =
      policy_for({"[{file: a.yaml, name: a, hosts: [a.test]}, {file: b.yaml, name: b, hosts: [b.test]}]",
                  {{"a.yaml", document_of("", {"/reports strict", "/docs/{id} read"})},
                   {"b.yaml", document_of("", {"/reports read", "/docs/{name} read"})}}});
  EXPECT_EQ(found(*policy, "a.test", "/reports"), "a.GET /reports");
  EXPECT_EQ(found(*policy, "b.test", "/reports"), "b.GET /reports");
}

TEST(Routes, PathsOfOneServiceThatItMayReadAsOneAreAProblem) {
  EXPECT_THAT(
      problems_of({"[{file: a.yaml, name: a, hosts: [a.test]}, {file: b.yaml, name: b, hosts: [b.test]}]",
                   {{"a.yaml", document_of("", {"/docs/admin strict"})},
                    {"b.yaml", document_of("", {"/docs/Admin read"})}}}),
      HasSubstr("have different policies, but an upstream may read the path of one as that of the other"));
}

TEST(Routes, ADocumentsUpstreamIsThatOfItsOperations) {
  const auto policy =
      policy_for({"[{file: a.yaml, upstream: two}, b.yaml]",
                  {{"a.yaml", document_of("", {"/a read"})}, {"b.yaml", document_of("", {"/b read"})}}});
  EXPECT_EQ(policy->find("GET /a")->upstream()->upstream->name, "two");
  EXPECT_EQ(policy->find("GET /b")->upstream()->upstream->name, "one");
  EXPECT_EQ(problems_of(
                {"[{file: a.yaml, upstream: thre}]", {{"a.yaml", document_of("", {"/a read", "/b read"})}}}),
            "gatehouse.yaml:1:36: openapi: there is no upstream `thre`; there are: one, two\n");
}

TEST(Routes, TwoDocumentsWithOneNameOfAnOperationAreTold) {
  const std::map<std::string, std::string> files{{"a.yaml", document_of("", {"/health read"})},
                                                 {"b.yaml", document_of("", {"/health read"})}};
  EXPECT_THAT(
      problems_of({"[{file: a.yaml, hosts: [a.test]}, {file: b.yaml, hosts: [b.test]}]", files}),
      HasSubstr("`GET /health` also names the operation at a.yaml:6; rename one, or give its document a "
                "`name` in `openapi`"));
  const auto policy =
      policy_for({"[{file: a.yaml, hosts: [a.test]}, {file: b.yaml, hosts: [b.test], name: b}]", files});
  EXPECT_EQ(found(*policy, "a.test", "/health"), "GET /health");
  EXPECT_EQ(found(*policy, "b.test", "/health"), "b.GET /health");
}

}  // namespace
}  // namespace gatehouse::policy
