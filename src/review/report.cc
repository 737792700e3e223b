#include "review/report.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "db/catalogue.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PolicySet;

std::string callers(const PolicySet& policy, const Operation& operation) {
  std::vector<std::string> ways;
  if (operation.admits_anonymous) ways.emplace_back("public");
  for (const policy::SchemeAlternative& alternative : operation.alternatives) {
    std::vector<std::string> together;
    for (const policy::SchemeUse& use : alternative) {
      std::string scheme = policy.authenticators[use.authenticator].name;
      if (!use.scopes.empty()) scheme += fmt::format("({})", fmt::join(use.scopes, " "));
      together.push_back(std::move(scheme));
    }
    if (!together.empty()) ways.push_back(fmt::format("{}", fmt::join(together, "+")));
  }
  return fmt::format("{}", fmt::join(ways, " | "));
}

std::string input(const Operation& operation) {
  std::vector<std::string> parts;
  if (const std::size_t count = operation.api->parameters.size(); count > 0) {
    parts.push_back(fmt::format("{} parameter{}", count, count == 1 ? "" : "s"));
  }
  if (operation.api->body) {
    std::vector<std::string> types;
    for (const openapi::Content& content : operation.api->body->content) types.push_back(content.type);
    parts.push_back(
        fmt::format("{} up to {}", fmt::join(types, " | "), to_text(ByteCount{operation.body_bytes})));
  }
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string limits(const Operation& operation) {
  std::vector<std::string> parts;
  for (const auto* phase :
       {&operation.address_limits, &operation.principal_limits, &operation.input_limits}) {
    for (const policy::LimitUse& use : *phase) {
      parts.push_back(fmt::format("{} {}{}", use.limit->name, to_text(use.limit->rule.rate),
                                  use.cost == 1 ? std::string() : fmt::format(" at {}", use.cost)));
    }
  }
  if (operation.concurrency != 0) parts.push_back(fmt::format("{} at once", operation.concurrency));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string answered_by(const Operation& operation) {
  const std::string target = std::visit([](const auto& kind) { return kind.shown(); }, operation.target);
  return operation.asserts && operation.upstream() != nullptr ? target + ", asserted" : target;
}

std::string allowed(const Operation& operation) {
  std::string text = operation.permission;
  if (operation.resource)
    text += operation.resource->statement() != nullptr ? ", object by sql" : ", object by upstream";
  if (!operation.conditions.empty()) {
    switch (operation.placement) {
      case policy::ConditionPlacement::before_call: text += ", when (before the call)"; break;
      case policy::ConditionPlacement::in_transaction: text += ", when (in one transaction)"; break;
      case policy::ConditionPlacement::in_statement: text += ", when (in the statement)"; break;
    }
  }
  return text;
}

const policy::Acceptance* acceptance_of(const PolicySet& policy, const Rule& rule,
                                        std::string_view operation) {
  if (rule.layer == Layer::review) return nullptr;  // else acceptances could be accepted
  const auto named = [&](const policy::Acceptance& one) {
    return one.rule.value == rule.id && one.operation == operation;
  };
  const auto found = std::ranges::find_if(policy.settings.accepted, named);
  return found == policy.settings.accepted.end() ? nullptr : &*found;
}

// Findings that are not accepted stay in `open`.
void sort_out(const PolicySet& policy, Finding finding, std::vector<Finding>& open,
              std::vector<Finding>& accepted) {
  if (finding.operations.empty()) {
    finding.accepted = acceptance_of(policy, *finding.rule, {});
    (finding.accepted != nullptr ? accepted : open).push_back(std::move(finding));
    return;
  }
  std::vector<const Operation*> left;
  for (const Operation* operation : finding.operations) {
    if (const auto* acceptance = acceptance_of(policy, *finding.rule, operation->name)) {
      accepted.push_back(
          {finding.rule, finding.severity, {operation}, finding.place, finding.what, acceptance});
    } else {
      left.push_back(operation);
    }
  }
  finding.operations = std::move(left);
  if (!finding.operations.empty()) open.push_back(std::move(finding));
}

}  // namespace

std::size_t Report::count(Severity severity) const {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

bool Report::has(Severity least) const {
  return std::ranges::any_of(findings, [&](const Finding& finding) { return finding.severity >= least; });
}

Report review(const PolicySet& policy, std::string configuration, const Facts& facts) {
  Report report{&policy, std::move(configuration), {}, {}, std::vector<Worst>(policy.operations.size())};
  Findings found(policy, facts);
  for (const Rule* rule : rules()) {
    found.begin(*rule);
    if (rule->of_configuration != nullptr) rule->of_configuration(policy, found);
    if (rule->of_operation == nullptr) continue;
    for (const Operation& operation : policy.operations) rule->of_operation(operation, found);
  }
  std::vector<Finding> all = found.take();
  std::ranges::stable_sort(all, std::greater(), &Finding::severity);
  for (Finding& finding : all) sort_out(policy, std::move(finding), report.findings, report.accepted);
  for (const Finding& finding : report.findings) {
    for (const Operation* operation : finding.operations) {
      auto& worst = report.worst[operation->index][static_cast<std::size_t>(finding.rule->layer)];
      worst = std::max(worst.value_or(finding.severity), finding.severity);
    }
  }
  return report;
}

std::string describe(const PolicySet& policy, const Operation& operation, Layer layer) {
  switch (layer) {
    case Layer::transport:
    case Layer::review: return {};
    case Layer::authentication: return callers(policy, operation);
    case Layer::authorisation: return allowed(operation);
    case Layer::schema: return input(operation);
    case Layer::limits: return limits(operation);
    case Layer::events:
      return operation.sensitive.empty() ? "ordinary" : fmt::format("durable: {}", operation.sensitive);
    case Layer::target: return answered_by(operation);
  }
  return {};
}

std::string_view name(policy::Exposure exposure) {
  switch (exposure) {
    case policy::Exposure::open: return "public";
    case policy::Exposure::partner: return "partner";
    case policy::Exposure::internal: return "internal";
  }
  return {};
}

std::string_view name(policy::DataClass data) {
  switch (data) {
    case policy::DataClass::open: return "public";
    case policy::DataClass::internal: return "internal";
    case policy::DataClass::sensitive: return "sensitive";
  }
  return {};
}

}  // namespace gatehouse::review
