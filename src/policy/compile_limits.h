// The limits of the configuration, compiled: who shares each allowance, and at which gate that is known.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_limits(PolicySet& set, Problems& problems);

// What an operation that names the limit must declare for its key: the header fields and cookies in it.
// Precondition: compile_limits() found no problem in the limit's key.
void check_limit_names(const LimitSettings& limit, const Operation& operation, Problems& problems);

}  // namespace gatehouse::policy
