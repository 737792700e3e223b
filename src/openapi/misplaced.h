// `x-gatehouse` where nobody reads it: it would be believed to hold. Internal to this room.
#pragma once

#include "base/problems.h"
#include "doc/source.h"

namespace gatehouse::openapi {

void report_misplaced(const doc::Source& source, Problems& problems);

}  // namespace gatehouse::openapi
