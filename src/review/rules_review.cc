#include <algorithm>

#include <fmt/format.h>

#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::PolicySet;

bool accepts_one_of(const policy::Acceptance& acceptance, const std::vector<Finding>& findings) {
  return std::ranges::any_of(findings, [&](const Finding& finding) {
    if (finding.rule->id != acceptance.rule.value) return false;
    if (acceptance.operation.empty()) return finding.operations.empty();
    return std::ranges::any_of(finding.operations, [&](const policy::Operation* operation) {
      return operation->name == acceptance.operation;
    });
  });
}

constexpr Rule kReviewRules[] = {
    {.id = "acceptance-stale",
     .severity = Severity::medium,
     .layer = Layer::review,
     .title = "An acceptance matches no finding",
     .why = "The accepted finding no longer exists, or its name was wrong. The entry would hide a later "
            "finding of the same name.",
     .remedy = "Remove it from `review.accept`, or name the rule and the operation as this review does. For "
               "a finding about the configuration as a whole, name no operation.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const std::vector<Finding> before = found.so_far();
           for (const policy::Acceptance& acceptance : policy.settings.accepted) {
             if (accepts_one_of(acceptance, before)) continue;
             found.whole(acceptance.rule.place,
                         fmt::format("no finding of `{}` {}", acceptance.rule.value,
                                     acceptance.operation.empty() ? "about the configuration as a whole"
                                                                  : "about " + acceptance.operation));
           }
         }},
};

}  // namespace

std::span<const Rule> review_rules() { return kReviewRules; }

}  // namespace gatehouse::review
