// A field of an operation's policy stands in gatehouse.yaml or in `x-gatehouse`, and counts from either.
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "policy/load.h"

namespace gatehouse::policy {
namespace {

struct MergedPolicy {
  std::shared_ptr<const PolicySet> set;
  std::string problems;
};

MergedPolicy merged(std::string_view extension, std::string_view settings) {
  const std::string api = fmt::format(
      "openapi: 3.1.0\ninfo: {{title: Orders, version: \"1\"}}\npaths:\n  /orders/{{id}}:\n    get:\n"
      "      operationId: getOrder\n      security: [{{}}]\n      x-gatehouse: {{{}}}\n"
      "      parameters: [{{name: id, in: path, required: true, schema: {{type: integer}}}}]\n",
      extension);
  const std::string configuration = fmt::format(
      "openapi: [api.yaml]\nlisten: {{https: \"127.0.0.1:8443\"}}\ntls: {{certificate: c, private_key: "
      "file:k}}\n"
      "upstreams: {{orders: {{url: \"http://127.0.0.1:3000\"}}}}\nroles: {{anonymous: [orders]}}\n"
      "limits: {{a: {{per: ip, rate: 9/s, burst: 9}}}}\ndefaults: {{limits: [a], upstream: "
      "orders}}\noperations:\n"
      "  getOrder: {{{}}}\n",
      settings);
  Problems problems;
  MergedPolicy result;
  result.set = load("gatehouse.yaml",
                    {.read = [&](const std::filesystem::path& path) -> Result<std::string> {
                       return path.filename() == "api.yaml" ? api : configuration;
                     },
                     .handlers = {"find"}},
                    problems);
  result.problems = problems.text();
  return result;
}

constexpr std::string_view kDecided = "permission: orders, public: a test of two places";

TEST(MergedSettings, AreThoseOfEitherPlace) {
  const auto both = merged("permission: orders, cost: 3, when: request.path.id > 0, hide: false",
                           "public: a test of two places, concurrency: 4, timeout: 2s, "
                           "resource: {upstream: {path: \"/{path.id}\"}}");
  ASSERT_TRUE(both.set) << both.problems;
  const Operation& operation = both.set->operations.front();
  EXPECT_EQ(operation.permission, "orders");
  EXPECT_EQ(operation.address_limits.front().cost, 3U);
  EXPECT_EQ(operation.concurrency, 4U);
  EXPECT_EQ(operation.timeout, std::chrono::seconds(2));
  EXPECT_EQ(operation.conditions.size(), 1U);
  EXPECT_EQ(operation.hide, Hide::no);
}

TEST(MergedSettings, HaveNoFieldInBothPlaces) {
  const auto begins = [](const MergedPolicy& result, std::string_view key) {
    return result.problems.contains(
        fmt::format("x-gatehouse: `{}` is in gatehouse.yaml too; keep it in one place", key));
  };
  EXPECT_TRUE(begins(merged("permission: orders", kDecided), "permission"));
  EXPECT_TRUE(begins(merged("public: a test of two places", kDecided), "public"));
  for (const std::string_view field :
       {"principal: [a]", "limits: [a]", "cost: 2", "concurrency: 2",
        "resource: {upstream: {path: \"/{path.id}\"}}", "when: request.path.id > 0", "hide: false",
        "upstream: orders", "handler: find", "body: 1KiB", "timeout: 2s", "sensitive: read", "assert: true",
        "cache_control: no-store", "fields: {undeclared: drop}",
        "threat_model: {exposure: public, data: public}"}) {
    const std::string_view key = field.substr(0, field.find(':'));
    EXPECT_TRUE(begins(merged(field, fmt::format("{}, {}", kDecided, field)), key)) << key;
    EXPECT_FALSE(begins(merged(field, kDecided), key)) << key;
  }
}

}  // namespace
}  // namespace gatehouse::policy
