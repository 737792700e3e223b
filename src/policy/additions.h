// `fields.forward` entries with a schema are header parameters of the operations that they hold for.
#pragma once

#include <vector>

#include "base/problems.h"
#include "openapi/load.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// Those of the top level, of the operation's upstream and of the operation itself, in gatehouse.yaml and in
// its x-gatehouse. A narrower one of the same name stands for the wider one. What cannot be read adds no
// problem: compile() tells it.
std::vector<openapi::AddedHeader> added_headers(const Settings& settings, const openapi::Operation& operation,
                                                Problems& problems);

}  // namespace gatehouse::policy
