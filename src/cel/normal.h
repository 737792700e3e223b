// The normal form of texts for counting: texts that readers behind Gatehouse treat as equal are equal.
#pragma once

#include <string>
#include <string_view>

#include "cel/value.h"

namespace gatehouse::cel {

// NFKC_Casefold (Unicode, chapter 3.13): case folded, in Normalization Form KC, without ignorable characters.
// Text that is not UTF-8 stays as it is.
std::string lower(std::string_view text);

// Appends the normal form of a value for the key of a limit. A text: in Normalization Form KC, without white
// space, control characters and ignorable characters at its ends; if it is an e-mail address, with its domain
// in lower case and ASCII (RFC 5890's A-labels) and without a final dot. The local part keeps its case: the
// account store decides whether case matters, and `lower()` ignores it. A number: as the shortest text of its
// value. A list or a map: its members in these forms, those of a map in one order.
void append_key(std::string& out, const Value& value);

}  // namespace gatehouse::cel
