// The limits of the configuration, compiled: who shares each allowance, and at which gate that is known.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_limits(PolicySet& set, Problems& problems);

}  // namespace gatehouse::policy
