// Reads `security_txt`.
#pragma once

#include "doc/reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

SecurityTxtSettings read_security_txt(const doc::Field& field);

}  // namespace gatehouse::policy
