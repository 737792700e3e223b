// Security schemes and security requirements. Internal to this room.
#pragma once

#include <optional>
#include <vector>

#include "doc/reader.h"
#include "openapi/api.h"
#include "openapi/documents.h"

namespace gatehouse::openapi {

enum class Version : unsigned char { v3_0, v3_1, v3_2 };

std::vector<SecurityScheme> read_security_schemes(Documents& documents, const doc::Field& schemes,
                                                  Version version);

// A list of Security Requirement Objects. Schemes that are not declared are problems.
std::vector<SecurityAlternative> read_security(const doc::Field& list, const Api& api, Version version);

}  // namespace gatehouse::openapi
