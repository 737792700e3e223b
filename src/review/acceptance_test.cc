// Findings that `review.accept` of the configuration accepts.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "review/report.h"
#include "review/testing.h"

namespace gatehouse::review {
namespace {

using testing::changed;
using testing::kApi;
using testing::kConfiguration;
using testing::load;

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

}  // namespace
}  // namespace gatehouse::review
