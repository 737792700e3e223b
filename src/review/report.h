// The review of one configuration: the settings of every operation in every layer, and the weaknesses.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy_set.h"
#include "review/rule.h"

namespace gatehouse::review {

// The layers of an operation.
inline constexpr Layer kLayers[] = {Layer::transport, Layer::authentication, Layer::authorisation,
                                    Layer::schema,    Layer::limits,         Layer::events,
                                    Layer::target};

// The worst that was found about an operation in each layer.
using Worst = std::array<std::optional<Severity>, std::size(kLayers)>;

// `policy` must live as long as it.
struct Report {
  const policy::PolicySet* policy = nullptr;
  std::string configuration;      // as the person named it
  std::vector<Finding> findings;  // the worst first, then in the order of the rules
  std::vector<Finding> accepted;  // likewise: those that `review.accept` names
  std::vector<Worst> worst;       // by the index of the operation

  std::size_t count(Severity severity) const;
  bool has(Severity least) const;  // a finding at least that severe
};

Report review(const policy::PolicySet& policy, std::string configuration, const Facts& facts = {});

// The settings of an operation in a layer, in few words. The transport is the same for all, and the review is
// not a layer of its own: they have none.
std::string describe(const policy::PolicySet& policy, const policy::Operation& operation, Layer layer);
std::string_view name(policy::Exposure exposure);
std::string_view name(policy::DataClass data);

// One value; operations and findings a line each, so that two reports can be compared line by line. The same
// configuration gives the same text.
std::string as_json(const Report& report);
std::string as_markdown(const Report& report);
// Every rule with its reason, for docs/review.md.
std::string rules_as_markdown();

}  // namespace gatehouse::review
