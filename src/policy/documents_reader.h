// `openapi`: the documents, and the place of each among the others.
#pragma once

#include <string>
#include <vector>

#include "doc/reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

std::vector<DocumentSettings> read_documents(const doc::Field& field, const std::string& directory);

}  // namespace gatehouse::policy
