// /.well-known/security.txt (RFC 9116): where a finder of a weakness reports it.
#pragma once

#include <string>

#include "policy/settings.h"

namespace gatehouse::well_known {

// The file as the settings say it, a line each.
std::string security_txt(const policy::SecurityTxtSettings& settings);

}  // namespace gatehouse::well_known
