// uniqueItems (JSON Schema Validation section 6.4.3).
#pragma once

#include <cstdint>

#include "json/document.h"

namespace gatehouse::schema {

// Whether no two elements are equal. Takes what it costs from `steps`; below zero the answer is no.
bool unique(json::Value array, std::int64_t& steps);

}  // namespace gatehouse::schema
