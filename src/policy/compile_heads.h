// What the policy says about heads: which credentials end here, which names are guarded, what leaves.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// Fills `set.carriers`, and of `set.answers` what is the same for all operations. The set has its
// authenticators.
void compile_carriers(PolicySet& set, Problems& problems);
// Fills the operation's guarded names, credential pairs, and rules for both heads. The set has its carriers,
// and the operation its target; `own` is what the configuration says of it.
void compile_heads(const PolicySet& set, const OperationSettings& own, Operation& operation,
                   Problems& problems);

}  // namespace gatehouse::policy
