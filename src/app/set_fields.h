// What `upstreams.NAME.set` says: the values, and those of them that are secrets.
#pragma once

#include "base/result.h"
#include "policy/settings.h"
#include "target/fixed_fields.h"

namespace gatehouse::app {

// Reads the environment and the files. Error: the text says which field has no value, or one that no field
// can have.
Result<target::FixedFields> fixed_fields_of(const policy::Upstream& upstream);

}  // namespace gatehouse::app
