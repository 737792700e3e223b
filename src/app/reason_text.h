// What each reason means, for operators: one sentence, and where there is something to do, that too.
#pragma once

#include <optional>
#include <string_view>

#include "core/reason.h"

namespace gatehouse::app {

std::string_view meaning_of(Reason reason);
// The reason that an event names.
std::optional<Reason> reason_named(std::string_view name);

}  // namespace gatehouse::app
