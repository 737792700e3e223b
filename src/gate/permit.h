// Principal × operation → Permission: roles hold the operation's permission.
#pragma once

#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/route.h"

namespace gatehouse::gate {

class Permitter {
 public:
  static Verdict<Permission> permit(const Principal& principal, const Matched& matched) {
    const policy::Operation& operation = matched.operation();
    if (!principal->permissions.contains(operation.permission_index)) {
      return refuse(Reason::permission_missing, operation.permission_rule);
    }
    return Permission(principal);
  }
};

}  // namespace gatehouse::gate
