// Reads `listen`: the addresses of the server, and its names. Internal to the readers of settings.
#pragma once

#include <string>

#include "policy/settings.h"

namespace gatehouse::doc {
class Field;
}

namespace gatehouse::policy {

// Relative paths are relative to `directory`.
Listen read_listen(const doc::Field& field, const std::string& directory);

}  // namespace gatehouse::policy
