// JSON text out: appended to a caller's string, so that a buffer is reused.
#pragma once

#include <string>
#include <string_view>

#include "json/document.h"

namespace gatehouse::json {

// `text` in quotes, escaped. Bytes that are not UTF-8 become U+FFFD: the output is always valid JSON.
void append_string(std::string& out, std::string_view text);
// The value as compact JSON; numbers as they were written.
void append(std::string& out, Value value);
std::string to_text(Value value);

}  // namespace gatehouse::json
