// Values as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace gatehouse::cel {

// A whole text as a double: overflow is infinite, underflow zero. Also "inf", "infinity" and "nan" in any
// case.
std::optional<double> parse_double(std::string_view text);
// The shortest text that reads back as the same double; exponents below -4 and from 21 on.
std::string double_text(double value);
std::string network_text(const Network& network);
// string(x) for a scalar (langdef "string"): false when it has no text (lists, maps, null).
bool append_scalar(std::string& out, const Value& value);

}  // namespace gatehouse::cel
