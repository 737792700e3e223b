// The configuration's settings of an operation before its document is read.
#pragma once

#include "base/problems.h"
#include "openapi/load.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// From the operation's policy in gatehouse.yaml and in its x-gatehouse, and from the defaults.
// `fields.forward` entries with a schema are header parameters: those of the top level, of the operation's
// upstream and of the operation itself. Several of one name all check its values. A setting that cannot be
// read adds no problem: compile() reports it.
openapi::Additions additions(const Settings& settings, const DocumentSettings& document,
                             const openapi::Operation& operation, Problems& problems);

}  // namespace gatehouse::policy
