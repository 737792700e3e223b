// Compiles a CEL text of the configuration; its problems stand where the text does.
#pragma once

#include <optional>

#include "base/problems.h"
#include "cel/program.h"
#include "policy/settings.h"

namespace gatehouse::policy {

std::optional<cel::Program> compile_at(const PlacedText& text, const cel::Environment& environment,
                                       const cel::Type& expected, Problems& problems);

// The message of a problem of CEL, with the remedy for a field or cookie that the operation does not declare.
std::string with_mend(std::string message);

}  // namespace gatehouse::policy
