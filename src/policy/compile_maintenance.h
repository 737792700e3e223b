// `maintenance`: which operations it names. Internal to this room.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

void compile_maintenance(PolicySet& set, Problems& problems);

}  // namespace gatehouse::policy
