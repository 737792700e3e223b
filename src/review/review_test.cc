#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "doc/load.h"
#include "policy/load.h"
#include "review/purpose.h"
#include "review/report.h"

namespace gatehouse::review {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

// A configuration about which there is nothing to say.
constexpr std::string_view kApi = R"(openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{token: []}]
paths:
  /items:
    get: {operationId: listItems, security: [{}], responses: {"200": {description: ok}}}
    post:
      operationId: addItem
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string, maxLength: 80}}}}}}
      responses: {"200": {description: ok}}
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1, maximum: 99}}]
    get: {operationId: getItem, responses: {"200": {description: ok}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-API-Key}
    cookie: {type: apiKey, in: cookie, name: session}
    query: {type: apiKey, in: query, name: api_key}
)";
constexpr std::string_view kConfiguration = R"(openapi: [api.yaml]
threat_model: {exposure: public, data: internal}
listen: {https: "0.0.0.0:8443", admin: "127.0.0.1:9443"}
tls: {certificate: server.crt, private_key: file:server.key}
upstreams: {shop: {url: "http://127.0.0.1:3000"}}
authenticators:
  token: {type: jwt, issuer: "https://idp.example", audience: shop, jwks: file:keys.json, algorithms: [ES256], types: [at+jwt]}
roles: {anonymous: [items:list], clerk: [items:read, items:write]}
limits: {per_ip: {per: ip, rate: 60/min}, per_principal: {per: principal, rate: 600/min}}
defaults: {limits: [per_ip, per_principal], upstream: shop}
operations:
  listItems: {permission: items:list, public: "the shop window"}
  addItem: {permission: items:write}
  getItem: {permission: items:read, when: request.path.id != 13}
)";

using Change = std::pair<std::string_view, std::string_view>;

std::string changed(std::string_view text, const std::vector<Change>& changes) {
  std::string out(text);
  for (const auto& [from, to] : changes) {
    const std::size_t at = out.find(from);
    if (at == out.npos) throw std::runtime_error("the text has no " + std::string(from));
    out.replace(at, from.size(), to);
  }
  return out;
}

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

std::shared_ptr<const policy::PolicySet> load(const std::string& api, const std::string& configuration) {
  const std::map<std::string, std::string> files{{"gatehouse.yaml", configuration}, {"api.yaml", api}};
  const doc::ReadFile read = [&](const std::filesystem::path& path) -> Result<std::string> {
    const auto file = files.find(path.filename().string());
    if (file == files.end()) return failure(ErrorCode::not_found, "no such file");
    return file->second;
  };
  Problems problems;
  auto policy = policy::load("gatehouse.yaml", {.read = read, .handlers = {}}, problems);
  if (!policy) throw std::runtime_error(problems.text());
  return policy;
}

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

// Of a configuration in which listItems and getItem are deprecated, and the token's type is not named.
Report with_accepted(std::string_view acceptances) {
  static std::shared_ptr<const policy::PolicySet> policy;
  const std::string accept = "review: {accept: [" + std::string(acceptances) + "]}\nroles:";
  policy = load(changed(kApi, {{"operationId: getItem", "operationId: getItem, deprecated: true"},
                               {"operationId: listItems", "operationId: listItems, deprecated: true"}}),
                changed(kConfiguration, {{"roles:", accept}, {", types: [at+jwt]", ""}}));
  return review(*policy, "gatehouse.yaml");
}

std::string told(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += std::string(finding.rule->id) +
           (finding.operations.empty() ? std::string() : " " + finding.operations.front()->name) +
           (finding.accepted != nullptr ? " (" + finding.accepted->reason + ")" : "") + "\n";
  }
  return out;
}

TEST(Review, AcceptedFindingsDoNotCount) {
  const Report report = with_accepted(
      "{rule: deprecated-served, operation: getItem, reason: until May}, "
      "{rule: token-of-any-type, reason: one kind of token there}");
  EXPECT_EQ(told(report.findings), "deprecated-served listItems\n");
  EXPECT_EQ(told(report.accepted),
            "token-of-any-type (one kind of token there)\n"
            "deprecated-served getItem (until May)\n");
  EXPECT_FALSE(report.has(Severity::medium));
  EXPECT_EQ(report.worst[report.accepted.back().operations.front()->index],
            Worst{});  // of the operation nothing is weak any more
  EXPECT_THAT(as_markdown(report), ::testing::HasSubstr("| deprecated-served, low | getItem |"));
  EXPECT_THAT(as_json(report), ::testing::HasSubstr(R"("accepted_because":"until May")"));
}

TEST(Review, AnAcceptanceCoversOnlyItsRuleAndOperation) {
  // Not for every operation, nor for another's finding; and the finding about unused acceptances cannot be
  // accepted.
  const Report report = with_accepted(
      "{rule: deprecated-served, reason: all}, {rule: deprecated-served, operation: addItem, reason: other}, "
      "{rule: no-such-rule, operation: getItem, reason: wrong}, {rule: acceptance-stale, reason: quiet}");
  EXPECT_EQ(told(report.accepted), "");
  EXPECT_EQ(told(report.findings),
            "acceptance-stale\nacceptance-stale\nacceptance-stale\nacceptance-stale\n"
            "token-of-any-type\ndeprecated-served listItems\ndeprecated-served getItem\n");
}

TEST(Review, AnAcceptanceOfASharedFindingTakesItsOperationOut) {
  const std::string api = changed(
      kApi, {{"schema: {type: object, properties: {name: {type: string, maxLength: 80}}}",
              "schema: {$ref: '#/components/schemas/Item'}"},
             {"get: {operationId: getItem",
              "put: {operationId: putItem, requestBody: {content: {application/json: {schema: {$ref: "
              "'#/components/schemas/Item'}}}}, responses: {}}\n    get: {operationId: getItem"},
             {"components:\n",
              "components:\n  schemas: {Item: {type: object, properties: {name: {type: string}}}}\n"}});
  const auto policy = load(
      api,
      changed(kConfiguration, {{"getItem:", "putItem: {permission: items:write, when: \"true\"}\n  getItem:"},
                               {"roles:",
                                "review: {accept: [{rule: default-cap, operation: addItem, reason: short "
                                "enough}]}\nroles:"}}));
  const Report report = review(*policy, "gatehouse.yaml");
  EXPECT_EQ(told(report.findings), "default-cap putItem\n");
  EXPECT_EQ(told(report.accepted), "default-cap addItem (short enough)\n");
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
  const std::string path = "docs/review.md";
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string document = text.str();
  constexpr std::string_view kBegin =
      "<!-- The rules: written from src/review by GATEHOUSE_WRITE_GOLDEN=1 build/release/review_test -->\n\n";
  const std::size_t begin = document.find(kBegin);
  ASSERT_NE(begin, document.npos);
  const std::string expected = document.substr(0, begin + kBegin.size()) + rules_as_markdown();
  if (const char* write = std::getenv("GATEHOUSE_WRITE_GOLDEN"); write != nullptr && *write == '1') {
    std::ofstream(path) << expected;
  } else {
    EXPECT_EQ(document, expected);
  }
}

TEST(Purpose, WordsAreFoundInNamesAsPeopleWriteThem) {
  EXPECT_EQ(words_of("getOrderById"), " get order by id ");
  EXPECT_EQ(words_of("HTTPServer_v2-x"), " http server v2 x ");
  EXPECT_EQ(words_of("/users/{id}/reset-password"), " users id reset password ");
  EXPECT_EQ(words_of(""), " ");
}

TEST(Purpose, AWordInsideAnotherDoesNotCount) {
  EXPECT_EQ(secret_word("spinner"), std::nullopt);
  EXPECT_EQ(secret_word("secretary"), std::nullopt);
  EXPECT_EQ(secret_word("secret_name"), std::nullopt);
  EXPECT_EQ(secret_word("tokenId"), std::nullopt);
  EXPECT_EQ(secret_word("passwordConfirmation"), "password");
  EXPECT_EQ(secret_word("X-Api-Key"), "api key");
  EXPECT_EQ(secret_word("userPIN"), "pin");
}

TEST(Purpose, AParametersNameSaysNothingAboutTheOperation) {
  openapi::Operation operation;
  operation.path = "/things/{export}";
  EXPECT_EQ(word_for(Purpose::export_, operation), std::nullopt);
  operation.path = "/things/export";
  EXPECT_EQ(word_for(Purpose::export_, operation), "export");
}

}  // namespace
}  // namespace gatehouse::review
