// The limits of the configuration, compiled: the key of each allowance, and the gate at which the key is
// known.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_limits(PolicySet& set, Problems& problems);

// The names that an operation with the limit must declare for its key: the header fields and cookies in it.
// Precondition: compile_limits() found no problem in the limit's key.
void check_limit_names(const LimitSettings& limit, const Operation& operation, Problems& problems);

}  // namespace gatehouse::policy
