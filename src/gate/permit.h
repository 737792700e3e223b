// Counted → Permission: the principal's roles hold the operation's permission.
#pragma once

#include "core/proofs.h"
#include "core/verdict.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class Permitter {
 public:
  static Verdict<Permission> permit(Counted counted) {
    const policy::Operation& operation = counted.operation();
    if (!counted.principal()->permissions.contains(operation.permission_index)) {
      return refuse(Reason::permission_missing, operation.permission_rule);
    }
    return Permission(std::move(counted));
  }
};

}  // namespace gatehouse::gate
