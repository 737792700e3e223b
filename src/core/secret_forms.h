// Recognises texts with the form of a credential, of any owner.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse {

// Whether an API key of Gatehouse's (crypto/api_key.h), with or without its checksum, or a JWS or JWE in
// compact form (RFC 7515 section 3.1) stands somewhere in the text, as it is or percent-encoded. Time is
// linear in the text.
bool holds_credential(std::string_view text);

// The text with `[redacted]` in place of each, and nothing else taken away. Linear too.
std::string without_credentials(std::string_view text);

}  // namespace gatehouse
