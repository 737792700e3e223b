#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/golden_testing.h"
#include "db/connection.h"
#include "review/report.h"
#include "review/testing.h"

namespace gatehouse::review {
namespace {

using testing::Change;
using testing::changed;
using ::testing::Contains;
using ::testing::IsEmpty;
using testing::kApi;
using testing::kConfiguration;
using testing::load;

// A database that statements are checked against.
class Shop {
 public:
  Shop()
      : path_(std::filesystem::temp_directory_path() /
              ("gatehouse-review-" + std::to_string(::getpid()) + ".db")) {
    std::filesystem::remove(path_);
    auto connection = *db::Connection::open({.path = path_.string()});
    if (!connection.execute("CREATE TABLE items (id INTEGER, name TEXT)") ||
        !connection.execute("CREATE VIRTUAL TABLE found USING fts5(name)")) {
      throw std::runtime_error("no tables");
    }
  }
  ~Shop() { std::filesystem::remove(path_); }
  std::string line() const { return "database: sqlite:" + path_.string() + "\n"; }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> found(const policy::PolicySet& policy, const Facts& facts = {}) {
  std::vector<std::string> ids;
  for (const Finding& finding : review(policy, "gatehouse.yaml", facts).findings)
    ids.emplace_back(finding.rule->id);
  return ids;
}

struct Case {
  std::string_view rule;
  std::vector<Change> configuration;
  std::vector<Change> api;
  Facts facts = {};
};

constexpr std::string_view kAddItem = "addItem: {permission: items:write}";
constexpr std::string_view kGetItem = "when: request.path.id != 13";
constexpr std::string_view kModel = "{exposure: public, data: internal}";
constexpr std::string_view kSensitive = "{exposure: public, data: sensitive}";
constexpr std::string_view kToken = "authenticators:\n";
constexpr std::string_view kEnd = "listItems: {permission";
const std::vector<Change> kSecurityTxt{
    {"roles:",
     "security_txt: {contact: mailto:security@shop.example, expires: 2027-01-01T00:00:00Z}\nroles:"}};

// For each rule the change that causes a finding. The first of its kind of change is enough.
const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"threat-model-unstated", {{"threat_model: {exposure: public, data: internal}\n", ""}}, {}},
      {"plaintext-listener",
       {{"listen: {", "listen: {http: {address: \"0.0.0.0:8080\", do: redirect}, "}},
       {}},
      {"hsts-short", {{"file:server.key}", "file:server.key, hsts: {max_age: 1d}}"}}, {}},
      {"certificate-ending", {}, {}, {std::chrono::hours(24)}},
      {"tls-1-2", {{kModel, kSensitive}}, {}},
      {"admin-exposed", {{"127.0.0.1:9443", "0.0.0.0:9443"}}, {}},
      {"traces-from-anybody", {{"roles:", "tracing: {continue: all}\nroles:"}}, {}},
      {"proxies-wide", {{"roles:", "trusted_proxies: [\"0.0.0.0/0\"]\nroles:"}}, {}},
      {"upstream-plaintext", {{"http://127.0.0.1:3000", "http://10.0.0.7:3000"}}, {}},
      {"forwarded-unchecked", {{"roles:", "fields: {forward: [X-Tenant]}\nroles:"}}, {}},
      {"forwarded-unchecked", {{"roles:", "fields: {cookies: {forward: [theme]}}\nroles:"}}, {}},
      {"forwarded-unchecked",
       {{"roles:", "fields: {forward: [{name: X-A, schema: {type: string}}, X-B]}\nroles:"}},
       {}},
      {"undeclared-forwarded", {{"roles:", "fields: {undeclared: forward}\nroles:"}}, {}},
      {"public-write",
       {{kAddItem, "addItem: {permission: items:list, public: \"why not\"}"}},
       {{"operationId: addItem", "operationId: addItem\n      security: [{}]"}}},
      {"webhook-unsigned",
       {{kAddItem, "addItem: {permission: items:list, public: \"the bank calls\"}"}},
       {{"operationId: addItem", "operationId: receiveWebhook\n      security: [{}]"}}},
      {"security-loosened",
       {{kToken, "authenticators:\n  key: {type: api_key, prefix: \"partner:\"}\n"},
        {kAddItem, "addItem: {permission: items:write, security: [{key: []}]}"}},
       {}},
      {"administration-one-proof", {}, {{"operationId: getItem", "operationId: adminItem"}}},
      {"administration-one-proof",
       {{kToken,
         "authenticators:\n  key: {type: api_key, prefix: \"partner:\"}\n"
         "  query: {type: api_key, prefix: \"partner:\"}\n"},
        {"defaults: {", "defaults: {principal: key, "}},
       {{"operationId: getItem", "operationId: adminItem, security: [{key: [], query: []}]"}}},
      {"public-sensitive", {{kModel, kSensitive}}, {}},
      {"key-alone",
       {{kModel, kSensitive}, {kToken, "authenticators:\n  key: {type: api_key, prefix: \"partner:\"}\n"}},
       {{"[{token: []}]", "[{token: []}, {key: []}]"}}},
      {"cookie-alone",
       {{kToken, "authenticators:\n  cookie: {type: api_key, prefix: \"partner:\"}\n"}},
       {{"[{token: []}]", "[{token: []}, {cookie: []}]"}}},
      {"credential-in-query",
       {{kToken, "authenticators:\n  query: {type: api_key, prefix: \"partner:\"}\n"}},
       {{"[{token: []}]", "[{token: []}, {query: []}]"}}},
      {"token-of-any-type", {{", types: [at+jwt]", ""}}, {}},
      {"authenticator-unused",
       {{kToken, "authenticators:\n  key: {type: api_key, prefix: \"partner:\"}\n"}},
       {}},
      {"object-unchecked", {{kGetItem, "when: '\"clerk\" in principal.roles'"}}, {}},
      {"role-everything", {{"clerk: [", "clerk: [\"*\", "}}, {}},
      {"role-wildcard", {{"clerk: [items:read, items:write]", "clerk: [\"items:*\"]"}}, {}},
      {"everybody-writes", {{"clerk: [", "authenticated: [items:write], clerk: ["}}, {}},
      {"permission-unreachable",
       {{"anonymous: [items:list]", "anonymous: [items:list, items:look]"},
        {"getItem: {permission: items:read", "getItem: {permission: items:look"}},
       {}},
      {"permission-mixed", {{kAddItem, "addItem: {permission: items:read}"}}, {}},
      {"grant-unused", {{"items:write]", "items:write, items:wirte]"}}, {}},
      {"checked-then-called",
       {{kAddItem,
         "addItem: {permission: items:write, resource: {upstream: {path: \"/x/{query.of}\"}}, "
         "when: resource.a == principal.id}"}},
       {{"operationId: addItem",
         "operationId: addItem\n      parameters: [{name: of, in: query, schema: {type: string, maxLength: "
         "9}}]"}}},
      {"object-shown",
       {{kGetItem,
         "resource: {upstream: {path: \"/x/{path.id}\"}}, hide: false, when: resource.a == principal.id"}},
       {}},
      {"default-cap", {}, {{", maxLength: 80", ""}}},
      {"schema-empty", {}, {{"name: {type: string, maxLength: 80}", "name: {}"}}},
      {"object-open", {}, {{"{type: object, ", "{type: object, additionalProperties: {type: boolean}, "}}},
      {"body-opaque",
       {},
       {{"application/json: {schema: {type: object, properties: {name: {type: string, maxLength: 80}}}}",
         "image/png: {}"}}},
      {"media-type-untaken",
       {{kAddItem, "addItem: {permission: items:write, media_types: application/json}"}},
       {{"content: {", "content: {application/xml: {schema: {type: object}}, "}}},
      {"media-type-untaken", {}, {{"content: {application/json", "content: {application/*"}}},
      {"body-ignored",
       {},
       {{"3.1.0", "3.0.3"},
        {"operationId: getItem", "operationId: getItem, requestBody: {content: {text/plain: {}}}"}}},
      {"body-on-get",
       {},
       {{"operationId: getItem",
         "operationId: getItem, requestBody: {content: {text/plain: {schema: {type: string, maxLength: "
         "9}}}}"}}},
      {"body-large", {{kAddItem, "addItem: {permission: items:write, body: 2MiB}"}}, {}},
      {"search-syntax",
       {{kEnd,
         "listItems: {sql: {statement: \"SELECT name FROM found WHERE found MATCH :query.q LIMIT 9\", "
         "returns: list}, permission"}},
       {{"operationId: listItems",
         "operationId: listItems, parameters: [{name: q, in: query, schema: {type: string, maxLength: "
         "9}}]"}}},
      {"secret-in-url",
       {},
       {{"operationId: getItem",
         "operationId: getItem, parameters: [{name: resetToken, in: query, schema: {type: string, maxLength: "
         "9}}]"}}},
      {"method-override",
       {},
       {{"operationId: getItem",
         "operationId: getItem, parameters: [{name: _method, in: query, schema: {type: string, maxLength: "
         "9}}]"}}},
      {"method-override",
       {},
       {{"{name: {type: string, maxLength: 80}}",
         "{name: {type: string, maxLength: 80}, _METHOD: {type: string, maxLength: 9}}"}}},
      {"cookie-unbounded",
       {},
       {{"operationId: getItem",
         "operationId: getItem, parameters: [{name: theme, in: cookie, schema: {type: string}}]"}}},
      {"cookie-unbounded",
       {},
       {{"operationId: getItem",
         "operationId: getItem, parameters: [{name: theme, in: cookie, schema: {}}]"}}},
      {"address-unlimited", {{"limits: [per_ip, per_principal]", "limits: [per_principal]"}}, {}},
      {"principal-unlimited", {{"limits: [per_ip, per_principal]", "limits: [per_ip]"}}, {}},
      {"limit-high", {{"600/min", "600/s"}}, {}},
      {"nullable-idle",
       {},
       {{"name: {type: string, maxLength: 80}", "name: {type: string, maxLength: 80, nullable: true}"}}},
      {"schema-contradiction",
       {},
       {{"{type: object, properties: {name: {type: string, maxLength: 80}}}",
         "{allOf: [{type: object, additionalProperties: false, properties: {name: {type: string, maxLength: "
         "80}}}, "
         "{type: object, additionalProperties: false, required: [b], properties: {b: {type: boolean}}}]}"}}},
      {"schema-contradiction",
       {},
       {{"{type: object, properties: {name: {type: string, maxLength: 80}}}",
         "{type: object, required: [title], properties: {name: {type: string, maxLength: 80}}}"}}},
      {"object-memberless",
       {},
       {{"{type: object, properties: {name: {type: string, maxLength: 80}}}", "{type: object}"}}},
      {"slash-encoded", {{kGetItem, "encoded_slash: [id]"}}, {}},
      {"limit-burst", {{"600/min", "1/h, burst: 100"}}, {}},
      {"limit-ipv6", {{"600/min", "600/min, ipv6_prefix: 128"}}, {}},
      {"limit-shared", {{"limits: {per_ip", "limits: {all: {per: operation, rate: 60/min}, per_ip"}}, {}},
      {"condition-always-true", {{kGetItem, "when: request.path.id == request.path.id"}}, {}},
      {"secret-readable", {}, {}, {std::nullopt, {{{}, "tls.private_key", "0644"}}}},
      {"sign-in-loose", {}, {{"operationId: addItem", "operationId: resetPassword"}}},
      {"sign-in-per-address-only", {}, {{"operationId: addItem", "operationId: resetPassword"}}},
      {"costly-unlimited", {}, {{"operationId: getItem", "operationId: exportItem"}}},
      {"list-unbounded",
       {{kEnd, "listItems: {sql: {statement: \"SELECT name FROM items\", returns: list}, permission"}},
       {}},
      {"search-unbounded",
       {{kEnd,
         "listItems: {sql: {statement: \"SELECT name FROM items WHERE name LIKE :query.q LIMIT 9\", "
         "returns: list}, permission"}},
       {{"operationId: listItems",
         "operationId: listItems, parameters: [{name: q, in: query, schema: {type: string, maxLength: "
         "9}}]"}}},
      {"timeout-long", {{kAddItem, "addItem: {permission: items:write, timeout: 5m}"}}, {}},
      {"not-durable", {}, {{"operationId: addItem", "operationId: addRole"}}},
      {"events-short-lived", {{"roles:", "keep_events: 1d\nroles:"}}, {}},
      {"secret-logged",
       {},
       {{"operationId: getItem",
         "operationId: getItem, parameters: [{name: pin, in: query, x-gatehouse: {log: true}, schema: {type: "
         "string, maxLength: 9}}]"}}},
      {"details-for-everyone", {{"roles:", "errors: {details: everyone}\nroles:"}}, {}},
      {"read-that-changes",
       {{kEnd, "listItems: {sql: {statement: \"DELETE FROM items\", returns: none}, permission"}},
       {}},
      {"read-that-changes", {}, {{"operationId: getItem", "operationId: deleteItem"}}},
      {"upstream-believes", {{"http://127.0.0.1:3000", "https://shop.example"}}, {}},
      {"answer-cached", {{kAddItem, "addItem: {permission: items:write, cache_control: max-age=60}"}}, {}},
      {"errors-unchecked",
       {{"upstream: shop}\noperations", "upstream: shop, errors_from_upstream: json}\noperations"}},
       {}},
      {"operation-excluded", {{kAddItem, "addItem: {exclude: \"not written yet\"}"}}, {}},
      {"deprecated-served", {}, {{"operationId: getItem", "operationId: getItem, deprecated: true"}}},
      {"security-txt-ending", kSecurityTxt, {}, {std::nullopt, {}, std::chrono::hours(-1)}},
      {"security-txt-far", kSecurityTxt, {}, {std::nullopt, {}, std::chrono::hours(24 * 400)}},
      {"acceptance-stale", {{"roles:", "review: {accept: [{rule: body-large, reason: rare}]}\nroles:"}}, {}},
  };
  return kCases;
}

// The operation has the same new name in the document and in the configuration.
std::string renamed(std::string configuration, const std::vector<Change>& api) {
  for (const auto& [from, to] : api) {
    constexpr std::string_view kId = "operationId: ";
    if (!from.starts_with(kId)) continue;
    const std::string before(from.substr(kId.size()));
    const std::string after(to.substr(kId.size(), to.find_first_of(",\n", kId.size()) - kId.size()));
    if (after != before) configuration = changed(configuration, {{before + ":", after + ":"}});
  }
  return configuration;
}

TEST(Review, HasNoFindingsForAGoodConfiguration) {
  const Facts facts{std::chrono::hours(24 * 60)};
  EXPECT_THAT(found(*load(std::string(kApi), std::string(kConfiguration)), facts), IsEmpty());
}

TEST(Review, HasNothingToSayAboutASecurityTxtThatIsValidForAboutAYear) {
  const auto policy = load(std::string(kApi), changed(kConfiguration, kSecurityTxt));
  for (const int days : {30, 365}) {
    const Facts facts{std::chrono::hours(24 * 60), {}, std::chrono::hours(24 * days)};
    EXPECT_THAT(found(*policy, facts), IsEmpty()) << days;
  }
}

TEST(Review, EachRuleFindsItsWeakness) {
  const Shop shop;
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.rule);
    const auto policy = load(changed(kApi, one.api),
                             shop.line() + renamed(changed(kConfiguration, one.configuration), one.api));
    EXPECT_THAT(found(*policy, one.facts), Contains(std::string(one.rule)));
  }
}

TEST(Review, AConditionThatHoldsAlwaysIsFoundAndOneThatMayFailIsNot) {
  const auto found_for = [](std::string_view condition) {
    const auto policy =
        load(std::string(kApi),
             changed(kConfiguration, {{kGetItem, std::string("when: '") + std::string(condition) + "'"}}));
    return std::ranges::count(found(*policy), "condition-always-true");
  };
  for (const std::string_view always :
       {"1 == 1", "request.path.id == request.path.id", "(principal.id == principal.id)",
        "request.path.id > 3 || true", "!false", "request.path.id <= request.path.id",
        "true || request.path.id == 1"}) {
    EXPECT_EQ(found_for(always), 1) << always;
  }
  for (const std::string_view may_fail :
       {"true", "( true )", "request.path.id == 1", "principal.id == \"a\"",
        "request.path.id != request.path.id", "has(principal.claims.a) || request.path.id == 1",
        "request.path.id == request.path.id && principal.mfa"}) {
    EXPECT_EQ(found_for(may_fail), 0) << may_fail;
  }
}

TEST(Review, EachRuleHasACaseAndAnIdOfItsOwn) {
  std::set<std::string_view> tested, ids;
  for (const Case& one : cases()) tested.insert(one.rule);
  for (const Rule* rule : rules()) {
    EXPECT_TRUE(ids.insert(rule->id).second) << rule->id << " is there twice";
    EXPECT_TRUE(tested.contains(rule->id)) << rule->id << " has no case";
    EXPECT_TRUE((rule->of_operation == nullptr) != (rule->of_configuration == nullptr)) << rule->id;
    for (const std::string_view text : {rule->title, rule->why, rule->remedy})
      EXPECT_FALSE(text.empty()) << rule->id;
  }
  EXPECT_EQ(tested.size(), ids.size());
}

TEST(Review, TheThreatModelWeighsTheFindings) {
  const auto severity = [](std::string_view model) {
    const auto policy = load(
        std::string(kApi),
        changed(kConfiguration, {{kGetItem, "hide: true"}, {"hide: true", "timeout: 1s"}, {kModel, model}}));
    for (const Finding& finding : review(*policy, "").findings) {
      if (finding.rule->id == "object-unchecked") return finding.severity;
    }
    throw std::runtime_error("not found");
  };
  EXPECT_EQ(severity("{exposure: public, data: sensitive}"), Severity::high);
  EXPECT_EQ(severity("{exposure: public, data: internal}"), Severity::medium);
  EXPECT_EQ(severity("{exposure: public, data: public}"), Severity::low);
}

TEST(Review, AnOperationsOwnThreatModelCounts) {
  const auto policy =
      load(std::string(kApi),
           changed(kConfiguration,
                   {{kModel, kSensitive},
                    {"public: \"the", "threat_model: {exposure: public, data: public}, public: \"the"}}));
  EXPECT_THAT(found(*policy), ::testing::Not(Contains("public-sensitive")));
}

TEST(Review, SharedWeaknessesAreFoundOnce) {
  const std::string api = changed(
      kApi, {{"schema: {type: object, properties: {name: {type: string, maxLength: 80}}}",
              "schema: {$ref: '#/components/schemas/Item'}"},
             {"get: {operationId: getItem",
              "put: {operationId: putItem, requestBody: {content: {application/json: {schema: {$ref: "
              "'#/components/schemas/Item'}}}}, responses: {}}\n    get: {operationId: getItem"},
             {"components:\n",
              "components:\n  schemas: {Item: {type: object, properties: {name: {type: string}}}}\n"}});
  const auto policy =
      load(api, changed(kConfiguration,
                        {{"getItem:", "putItem: {permission: items:write, when: \"true\"}\n  getItem:"}}));
  const Report report = review(*policy, "gatehouse.yaml");
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].operations.size(), 2U);
  EXPECT_EQ(report.findings[0].place.file, "api.yaml");
}

TEST(Review, NoTextOfAConfigurationLeavesItsCell) {
  const auto policy =
      load(std::string(kApi), changed(kConfiguration, {{"the shop window", "a | b\\n# <script>\\\" *c*"}}));
  const std::string markdown = as_markdown(review(*policy, "gatehouse.yaml"));
  EXPECT_THAT(markdown, ::testing::HasSubstr("| a \\| b\\\\u000a# &lt;script>\" \\*c\\* |"));
  EXPECT_THAT(as_json(review(*policy, "gatehouse.yaml")),
              ::testing::HasSubstr(R"("public_because":"a | b\n# <script>\" *c*")"));
}

TEST(Review, TheDocumentationMatchesTheRules) {
  expect_golden_part("docs/review.md",
                     "<!-- The rules: written from src/review by "
                     "GATEHOUSE_WRITE_GOLDEN=1 build/release/review_test -->\n\n",
                     rules_as_markdown());
}

}  // namespace
}  // namespace gatehouse::review
