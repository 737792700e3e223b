// Reports `x-gatehouse` at places where it is not read: readers would believe that it has an effect. Internal
// to this room.
#pragma once

#include "base/problems.h"
#include "doc/source.h"

namespace gatehouse::openapi {

void report_misplaced(const doc::Source& source, Problems& problems);

}  // namespace gatehouse::openapi
