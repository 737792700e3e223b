// The groups of operations that this program answers itself.
#pragma once

#include <span>

#include "core/builtin.h"

namespace gatehouse::app {

std::span<const BuiltInGroup* const> built_in_groups();

}  // namespace gatehouse::app
