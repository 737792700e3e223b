// The files that a configuration names beside its documents: read and tried as the server will use them.
#pragma once

#include "base/problems.h"
#include "policy/settings.h"

namespace gatehouse::app {

// Adds a problem for each file that cannot be used, at the place that names it. Creates nothing and calls no
// other system.
void check_files(const policy::Settings& settings, Problems& problems);

}  // namespace gatehouse::app
