// Built-in operations are ordinary operations of a configuration, and no configuration removes a gate from
// them.
#include "app/built_ins.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "core/target.h"
#include "net/loop.h"
#include "policy/load.h"

namespace gatehouse::app {
namespace {

constexpr std::string_view kSite = R"(openapi: 3.1.0
info: {title: Site, version: "1"}
paths:
  /orders: {get: {operationId: listOrders, security: [{}], responses: {"200": {description: all}}}}
)";

constexpr std::string_view kSiteSettings = R"(openapi: [api.yaml]
listen: {https: "127.0.0.1:8443"}
tls: {certificate: c, private_key: file:k}
upstreams: {orders: {url: "http://127.0.0.1:3000"}}
roles: {anonymous: [orders]}
limits: {per_ip: {per: ip, rate: 5/s, burst: 5}, per_caller: {per: principal, rate: 5/s}}
defaults: {limits: [per_ip], upstream: orders}
security_txt: {contact: mailto:security@example.com, expires: 2027-06-30T00:00:00Z}
operations:
  listOrders: {permission: orders, public: a test of what is built in}
)";

struct LoadedSite {
  std::shared_ptr<const policy::PolicySet> policy;
  std::string problems;
};

LoadedSite load_site(const std::string& settings, const std::string& api = std::string(kSite)) {
  Problems problems;
  LoadedSite loaded;
  loaded.policy = policy::load("gatehouse.yaml",
                               {.read = [&](const std::filesystem::path& path) -> Result<std::string> {
                                  return path.filename() == "api.yaml" ? api : settings;
                                },
                                .handlers = {},
                                .built_ins = built_in_groups()},
                               problems);
  loaded.problems = problems.text();
  return loaded;
}

LoadedSite with_entry(std::string_view entry) {
  return load_site(fmt::format("{}  well_known.security_txt: {}\n", kSiteSettings, entry));
}

TEST(BuiltIns, EachGroupAnswersTheOperationsOfItsDocumentAndNoOthers) {
  const LoadedSite loaded = load_site(std::string(kSiteSettings));
  ASSERT_TRUE(loaded.policy) << loaded.problems;
  std::set<std::string_view> described, answered;
  for (const policy::Operation& operation : loaded.policy->operations) {
    if (operation.built_in() != nullptr) described.insert(operation.name);
  }
  ManualClock clock;
  net::Loop loop(clock);
  for (const BuiltInGroup* const group : built_in_groups()) {
    ASSERT_NE(group->turned_on(loaded.policy->settings), nullptr)
        << group->name << ": turn it on in this test's configuration";
    for (const BuiltInOperation& operation : group->operations) {
      answered.insert(operation.name);
      EXPECT_TRUE(operation.name.starts_with(fmt::format("{}.", group->name))) << operation.name;
      EXPECT_NE(operation.make({*loaded.policy, loop}), nullptr) << operation.name;
    }
  }
  EXPECT_EQ(described, answered);
}

TEST(BuiltIns, AreOperationsWithAnAnswerToEveryQuestion) {
  const LoadedSite loaded = load_site(std::string(kSiteSettings));
  ASSERT_TRUE(loaded.policy) << loaded.problems;
  const policy::Operation* const operation = loaded.policy->find("well_known.security_txt");
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(operation->route, "/.well-known/security.txt");
  EXPECT_EQ(operation->permission, "well_known:read");
  ASSERT_EQ(operation->address_limits.size(), 1U);
  EXPECT_EQ(operation->address_limits.front().limit->name, "well_known.per_ip");
  EXPECT_EQ(operation->settings->place.line, 8U) << "where the configuration turns it on";
}

TEST(BuiltIns, AreNotThereUnlessTheConfigurationTurnsThemOn) {
  std::string settings(kSiteSettings);
  const auto at = settings.find("security_txt:");
  settings.insert(at, "# ");
  const LoadedSite loaded = load_site(settings);
  ASSERT_TRUE(loaded.policy) << loaded.problems;
  EXPECT_EQ(loaded.policy->operations.size(), 1U);
  EXPECT_EQ(load_site(settings + "  well_known.security_txt: {cost: 2}\n").problems,
            "gatehouse.yaml:11:28: operations.well_known.security_txt: no OpenAPI document has an operation "
            "of that operationId or title; write it as in the document (`getOrder` or "
            "`GET /orders/{id}`), or remove it here\n");
  // Its path is then any document's.
  EXPECT_EQ(load_site(settings, std::string(kSite) +
                                    "  /.well-known/security.txt: {get: {operationId: mine, security: [{}], "
                                    "x-gatehouse: {permission: orders, public: a test of the path}}}\n")
                .problems,
            "");
}

TEST(BuiltIns, MayHaveOtherLimitsOfTheSameKind) {
  const LoadedSite loaded = with_entry("{limits: [per_ip], cost: 2, concurrency: 3, timeout: 2s}");
  ASSERT_TRUE(loaded.policy) << loaded.problems;
  const policy::Operation& operation = *loaded.policy->find("well_known.security_txt");
  ASSERT_EQ(operation.address_limits.size(), 1U);
  EXPECT_EQ(operation.address_limits.front().limit->name, "per_ip");
  EXPECT_EQ(operation.address_limits.front().cost, 2U);
  EXPECT_EQ(operation.concurrency, 3U);
  EXPECT_EQ(operation.timeout, std::chrono::seconds(2));
  EXPECT_EQ(operation.permission, "well_known:read");
}

TEST(BuiltIns, LoseNoLimitToTheConfiguration) {
  for (const std::string_view limits : {"[per_caller]", "[]"}) {
    const LoadedSite loaded = with_entry(fmt::format("{{limits: {}}}", limits));
    EXPECT_EQ(loaded.policy, nullptr) << limits;
    EXPECT_TRUE(loaded.problems.contains(
        "gatehouse.yaml:11:28: operations.well_known.security_txt: `limits` needs one "
        "per ip, as `well_known.per_ip` is; add one, or leave `limits` out\n"))
        << loaded.problems;
  }
  std::string settings(kSiteSettings);
  settings.insert(settings.find("per_caller:"), "well_known.per_ip: {per: ip, rate: 1000000/s}, ");
  EXPECT_EQ(load_site(settings).problems,
            "gatehouse.yaml:6:69: limits.well_known.per_ip: is a reserved limit of Gatehouse; give yours "
            "another name\n");
}

TEST(BuiltIns, HaveGatesThatNoConfigurationChanges) {
  for (const std::string_view field :
       {"permission: orders", "public: because", "principal: [a]", "resource: {sql: SELECT 1}",
        "when: \"true\"", "hide: false", "sql: {statement: SELECT 1, returns: none}", "upstream: orders",
        "handler: mine", "assert: true", "cache_control: no-store", "fields: {undeclared: forward}"}) {
    const std::string_view key = field.substr(0, field.find(':'));
    EXPECT_EQ(with_entry(fmt::format("{{{}}}", field)).problems,
              fmt::format("gatehouse.yaml:11:28: operations.well_known.security_txt: `{}` is fixed, because "
                          "Gatehouse answers this operation itself; remove it\n",
                          key));
  }
  EXPECT_EQ(with_entry("{body: 1MiB}").problems,
            "gatehouse.yaml:11:28: operations.well_known.security_txt: `body`: this operation accepts none; "
            "remove it\n");
}

TEST(BuiltIns, RefuseAnEmptyListOfConditionsAsEveryOperationDoes) {
  for (const std::string_view entry : {"well_known.security_txt", "\"GET /.well-known/security.txt\""}) {
    EXPECT_THAT(load_site(fmt::format("{}  {}: {{when: []}}\n", kSiteSettings, entry)).problems,
                ::testing::HasSubstr(
                    "when: has no condition, so it decides nothing; state a condition, or remove `when`"));
  }
}

TEST(BuiltIns, AreTheSameUnderTheirTitles) {
  const auto titled = [](std::string_view entry) {
    return load_site(fmt::format("{}  \"GET /.well-known/security.txt\": {}\n", kSiteSettings, entry));
  };
  EXPECT_EQ(titled("{permission: orders}").problems,
            "gatehouse.yaml:11:36: operations.GET /.well-known/security.txt: `permission` is fixed, because "
            "Gatehouse answers this operation itself; remove it\n");
  const LoadedSite loaded = titled("{cost: 2}");
  ASSERT_TRUE(loaded.policy) << loaded.problems;
  EXPECT_EQ(loaded.policy->find("well_known.security_txt")->address_limits.front().cost, 2U);
  // Two entries are one too many.
  EXPECT_TRUE(titled("{cost: 2}\n  well_known.security_txt: {permission: orders}")
                  .problems.contains("operations.well_known.security_txt is there twice; keep one"));
}

TEST(BuiltIns, KeepTheirPathsAndNamesFromDocuments) {
  const auto with_path = [](std::string_view path, std::string_view method, std::string_view id) {
    return load_site(
               fmt::format("{}  {}: {{permission: orders, public: a test of the path}}\n", kSiteSettings, id),
               fmt::format("{}  {}: {{{}: {{operationId: {}, security: [{{}}]}}}}\n", kSite, path, method,
                           id))
        .problems;
  };
  for (const std::string_view method : {"get", "post", "head"})
    EXPECT_EQ(
        with_path("/.well-known/security.txt", method, "mine"),
        "api.yaml:5:31: mine: Gatehouse answers /.well-known/security.txt itself "
        "(well_known.security_txt, turned on in gatehouse.yaml:8); remove the path from this document, or "
        "turn that off\n")
        << method;
  // Below the base path of a server it is the same path.
  EXPECT_EQ(
      load_site(
          std::string(kSiteSettings) + "  mine: {permission: orders, public: a test of the path}\n",
          "openapi: 3.1.0\ninfo: {title: Site, version: \"1\"}\nservers: [{url: /.well-known}]\npaths:\n"
          "  /orders: {get: {operationId: listOrders, security: [{}]}}\n"
          "  /security.txt: {get: {operationId: mine, security: [{}]}}\n")
          .problems,
      "api.yaml:6:19: mine: Gatehouse answers /.well-known/security.txt itself (well_known.security_txt, "
      "turned on in gatehouse.yaml:8); remove the path from this document, or turn that off\n");
  EXPECT_TRUE(with_path("/mine", "get", "well_known.security_txt").contains("names the operation at"));
  EXPECT_EQ(with_path("/.well-known/other.txt", "get", "mine"), "");
}

}  // namespace
}  // namespace gatehouse::app
