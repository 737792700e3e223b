// Paths to operations, and which operations have the same policy.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// Fills the set's routes. The set has its operations.
void compile_routes(PolicySet& set, Problems& problems);

}  // namespace gatehouse::policy
