// The policy's rules for heads: credentials that are not forwarded, guarded names, fields that leave.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// Fills `set.carriers`, and the part of `set.answers` that is the same for all operations. The set has its
// authenticators.
void compile_carriers(PolicySet& set, Problems& problems);
// Fills the operation's guarded names, credential pairs, and rules for both heads. The set has its carriers,
// and the operation its target; `own` has the operation's settings.
void compile_heads(const PolicySet& set, const OperationSettings& own, Operation& operation,
                   Problems& problems);

}  // namespace gatehouse::policy
