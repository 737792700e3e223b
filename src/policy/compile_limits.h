// The limits of the configuration, compiled: the key of each allowance, and the gate at which the key is
// known.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// What a limit's key reads and operations do not declare: the operations, by the message.
struct LimitFault {
  Place place;
  std::vector<std::string> operations;
};
using LimitFaults = std::map<std::string, LimitFault>;

void compile_limits(PolicySet& set, Problems& problems);

// The names that an operation with the limit must declare for its key: the header fields and cookies in it.
// Precondition: compile_limits() found no problem in the limit's key.
void check_limit_names(const LimitSettings& limit, const Operation& operation, LimitFaults& faults);
// One problem for each key of a limit, however many operations have it.
void report(const LimitFaults& faults, Problems& problems);

}  // namespace gatehouse::policy
