// The difference between two configurations, for operators.
#pragma once

#include <string>
#include <vector>

#include "policy/policy_set.h"

namespace gatehouse::app {

// One line for each key that was added, removed or changed in gatehouse.yaml, and in the documents and the
// files that they refer to: `changed roles.clerk`, `added api.json: paths./orders.delete`. Values are not
// shown. At most kMostChanges, and then how many more there are.
inline constexpr std::size_t kMostChanges = 50;
std::vector<std::string> changes_between(const policy::PolicySet& before, const policy::PolicySet& after);

}  // namespace gatehouse::app
