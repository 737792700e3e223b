// The metaschemas of JSON Schema 2020-12, known without a network.
#pragma once

#include <optional>
#include <string_view>

#include "json/document.h"

namespace gatehouse::schema {

// By its URI without fragment. Valid for ever.
std::optional<json::Value> find_metaschema(std::string_view uri);

}  // namespace gatehouse::schema
