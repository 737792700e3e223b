// Counted → Permission: the principal's roles hold the operation's permission.
#pragma once

#include <algorithm>

#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class Permitter {
 public:
  static Verdict<Permission> permit(Counted counted) {
    const policy::Operation& operation = counted.operation();
    const Exchange& exchange = counted.exchange();
    const auto& blocked = exchange.policy->blocked_principals;
    // Also of those who are shown beside the one who acts, and where the request counts as anonymous.
    if (!blocked.empty()) {
      // By the id, and by the name that records give to one that is a credential itself.
      const auto one = std::ranges::find_if(exchange.proven, [&](const IdentityPointer& proven) {
        return blocked.contains(proven->id) || blocked.contains(proven->recorded_id);
      });
      if (one != exchange.proven.end()) {
        const Identity& who = **one;
        counted.exchange().detail = who.recorded_id.empty() ? who.id : who.recorded_id;
        counted.exchange().detail.append(" is blocked");
        return refuse(Reason::principal_blocked, "blocked.principals");
      }
    }
    if (!counted.principal()->permissions.contains(operation.permission_index)) {
      return refuse(Reason::permission_missing, operation.permission_rule);
    }
    return Permission(std::move(counted));
  }
};

}  // namespace gatehouse::gate
