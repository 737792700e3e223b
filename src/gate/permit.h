// Counted → Permission: the principal's roles hold the operation's permission.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/instructions.h"
#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class Permitter {
 public:
  static Verdict<Permission> permit(Counted counted) {
    const policy::Operation& operation = counted.operation();
    Exchange& exchange = counted.exchange();
    const auto& blocked = exchange.policy->blocked_principals;
    if (!blocked.empty()) {
      GATEHOUSE_CHECK(refuse_one(exchange, "blocked.principals",
                                 [&](std::string_view id) { return blocked.contains(id); }));
    }
    if (exchange.instructions) {
      GATEHOUSE_CHECK(refuse_one(exchange, "gatehouse block", [&](std::string_view id) {
        return exchange.instructions->block_principal(id);
      }));
    }
    if (!counted.principal()->permissions.contains(operation.permission_index)) {
      tell_roles(exchange, counted.principal().identity());
      return refuse(Reason::permission_missing, operation.permission_rule);
    }
    return Permission(std::move(counted));
  }

 private:
  // For operators: which roles do not have the permission.
  static void tell_roles(Exchange& exchange, const Identity& who) {
    if (!exchange.detail.empty()) exchange.detail.append("; ");
    exchange.detail.append(who.roles.empty() ? "the caller has no role" : "the caller has the roles ");
    for (const std::string& role : who.roles) {
      if (&role != &who.roles.front()) exchange.detail.append(", ");
      exchange.detail.append(role);
    }
  }

  // Also of those who are shown beside the one who acts, and where the request counts as anonymous. By the
  // id, and by the name that records give to one that is a credential itself.
  template <typename Blocks>
  static Verdict<void> refuse_one(Exchange& exchange, std::string_view rule, const Blocks& blocks) {
    const auto one = std::ranges::find_if(exchange.proven, [&](const IdentityPointer& proven) {
      return blocks(proven->id) || blocks(proven->recorded_id);
    });
    if (one == exchange.proven.end()) return {};
    const Identity& who = **one;
    exchange.detail = who.recorded_id.empty() ? who.id : who.recorded_id;
    exchange.detail.append(" is blocked");
    return refuse(Reason::principal_blocked, rule);
  }
};

}  // namespace gatehouse::gate
