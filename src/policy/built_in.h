// The parts that the program's own operations add to a configuration that turns them on.
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

// Adds to the settings the roles, limits and operations of the groups that they turn on, and returns the
// groups' documents; `operations` gets the described operations. Everything has the place at which the
// configuration turns its group on.
//
// An entry of `operations` for one of them applies if it does not weaken the group's gates: it may state
// `limits` (which cover every kind of the group's), `cost`, `concurrency`, `body` (not larger), `timeout`,
// `sensitive` and `threat_model`. Every other key is a problem.
std::vector<openapi::Api> add_built_ins(std::span<const BuiltInGroup* const> groups, Settings& settings,
                                        std::vector<const BuiltInOperation*>& operations, Problems& problems);

}  // namespace gatehouse::policy
