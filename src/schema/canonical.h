// Values as bytes that are equal exactly if the values are equal in JSON Schema (Core, 4.2.2): numbers by
// value, objects without order. Sorting these replaces comparing every value with every other.
#pragma once

#include <string>
#include <string_view>

#include "json/document.h"
#include "schema/work.h"

namespace gatehouse::schema {

// Appended to `out`. false: the work is spent, and `out` is not to be used.
bool append_canonical(std::string& out, json::Value value, Work& work);

// uniqueItems (JSON Schema Validation, section 6.4.3). Where the work is spent the answer is no.
bool unique(json::Value array, Work& work);

}  // namespace gatehouse::schema
