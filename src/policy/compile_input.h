// The input of an operation: its body, the parameters that events show, and the memory that both may need.
#pragma once

#include "base/problems.h"
#include "openapi/api.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_input(PolicySet& set, const openapi::Operation& from, const OperationSettings& own,
                   Operation& operation, Problems& problems);
// A body that its operation admits must have room without other requests: one caller has half.
// Precondition: the operation has its input, its target and its conditions.
void check_memory(const PolicySet& set, const openapi::Operation& from, const Operation& operation,
                  Problems& problems);

}  // namespace gatehouse::policy
