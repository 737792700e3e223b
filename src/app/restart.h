// The settings that a running server keeps until it ends.
#pragma once

#include <string_view>
#include <vector>

#include "policy/settings.h"

namespace gatehouse::app {

// The keys of those that `wanted` has otherwise than `running`, as gatehouse.yaml writes them.
std::vector<std::string_view> changed_until_restart(const policy::Settings& running,
                                                    const policy::Settings& wanted);

}  // namespace gatehouse::app
