// The authenticators of the configuration, compiled: how each credential travels, and what its claims say.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_authenticators(PolicySet& set, Problems& problems);

}  // namespace gatehouse::policy
