// The operations at well-known URIs: `security_txt` turns them on.
#pragma once

#include "core/builtin.h"

namespace gatehouse::well_known {

extern const BuiltInGroup kGroup;

}  // namespace gatehouse::well_known
