// The authenticators of the configuration, compiled: the place of each credential, and the meaning of its
// claims.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_authenticators(PolicySet& set, Problems& problems);

}  // namespace gatehouse::policy
