// Names of X.509 as text (RFC 4514), compared as RFC 5280 section 7.1 says: authorities write one name in
// several ways.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::crypto {

// One text for all names that are equal: letters of ASCII in lower case, blanks at the ends of a value left
// out, several blanks in it as one, and the parts of a multi-valued part sorted. As OpenSSL's X509_NAME_cmp
// compares, for names without control characters.
std::string canonical_name(std::string_view text);

bool is_same_name(std::string_view one, std::string_view other);

}  // namespace gatehouse::crypto
