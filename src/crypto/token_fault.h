// The reason for refusing a token: for events and tests. A client gets one answer for all of them.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::crypto {

enum class TokenFault : std::uint8_t {
  too_large,
  not_compact,            // not three parts (RFC 7515 section 7.1)
  encrypted,              // a JWE, where a JWS is expected
  encoding,               // a part is not strict base64url
  header_json,            // not an object of strict JSON: duplicates, depth, encoding
  header,                 // a header parameter of the wrong type
  critical,               // `crit` names extensions that must be understood; none is supported
  unencoded_payload,      // `b64` (RFC 7797 section 7: not in JWTs)
  algorithm_unknown,      // `none`, HMAC and every other name that is not in Algorithm
  algorithm_not_allowed,  // known, and not in the configured list
  key_not_found,          // no key with this kid that fits this algorithm: a reason to refetch
  key_ambiguous,          // several fit
  signature_form,         // wrong length, or r or s out of range
  signature,
  type,          // `typ`
  claims_json,   // the payload is not an object of strict JSON
  claims,        // a registered claim of the wrong type, or a date out of bounds
  confirmation,  // `cnf` (RFC 7800) is malformed, or binds the token to something that nothing here checks
  issuer,
  audience,
  subject,
  expired,
  no_expiry,
  not_yet_valid,
  issued_in_future,
  authenticated_in_future,
};

std::string_view name(TokenFault fault);

}  // namespace gatehouse::crypto
