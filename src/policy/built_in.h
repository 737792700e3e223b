// What the program's own operations bring to a configuration that turns them on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/problems.h"
#include "core/builtin.h"
#include "doc/reader.h"
#include "openapi/api.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// Adds to the settings what the groups that they turn on say of roles, limits and operations, and gives the
// groups' documents; `operations` gets those that they describe. Everything has the place at which the
// configuration turns its group on.
//
// An entry of `operations` that names one of them counts where it asks for no less than the group does: it
// may state `limits` (which count by all that the group's count by), `cost`, `concurrency`, `body` (not
// larger), `timeout`, `sensitive` and `threat_model`. Anything else is a problem.
std::vector<openapi::Api> add_built_ins(std::span<const BuiltInGroup* const> groups, Settings& settings,
                                        std::vector<const BuiltInOperation*>& operations, Problems& problems);

}  // namespace gatehouse::policy
