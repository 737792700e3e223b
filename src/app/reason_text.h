// The meaning of each reason, for operators: one sentence, and a remedy if there is one.
#pragma once

#include <optional>
#include <string_view>

#include "core/reason.h"

namespace gatehouse::app {

std::string_view meaning_of(Reason reason);
// The reason that an event names.
std::optional<Reason> reason_named(std::string_view name);

}  // namespace gatehouse::app
