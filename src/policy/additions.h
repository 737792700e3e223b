// What the configuration says of an operation before its document is read.
#pragma once

#include "base/problems.h"
#include "openapi/load.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// From the operation's policy in gatehouse.yaml and in its x-gatehouse, and from what holds for all where
// these say nothing. `fields.forward` entries with a schema are header parameters: those of the top level, of
// the operation's upstream and of the operation itself, where a narrower one of the same name stands for the
// wider one. What cannot be read adds no problem: compile() tells it.
openapi::Additions additions(const Settings& settings, const openapi::Operation& operation,
                             Problems& problems);

}  // namespace gatehouse::policy
