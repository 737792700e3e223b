// Texts in the form by which they count: what readers behind Gatehouse take for the same is the same.
#pragma once

#include <string>
#include <string_view>

#include "cel/value.h"

namespace gatehouse::cel {

// NFKC_Casefold (Unicode, chapter 3.13): case folded, in Normalization Form KC, without ignorable characters.
// Text that is not UTF-8 stays as it is.
std::string lower(std::string_view text);

// Appends what a value counts as in the key of a limit. A text: in Normalization Form KC, without white
// space, control characters and ignorable characters at its ends; where it is an e-mail address, with its
// domain in lower case and ASCII (RFC 5890's A-labels) and without a final dot. The local part keeps its
// case: whether that matters is the account store's to say, and `lower()` says it. A number: as the shortest
// text of its value.
void append_key(std::string& out, const Value& value);

}  // namespace gatehouse::cel
