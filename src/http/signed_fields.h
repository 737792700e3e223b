// The parts of a request that its signature covers, as the request states them: HTTP Message Signatures (RFC
// 9421) and AWS Signature Version 4. Nothing is verified here.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"

namespace gatehouse::http {

enum class SignatureFault : std::uint8_t {
  missing,     // the request has no signature of either kind
  unreadable,  // the list of covered parts cannot be read, or names more than a request line and fields
};

// Names of fields in lower case, as often as they are listed.
struct SignedFields {
  std::vector<std::string>
      by_messages;                  // in Signature-Input (RFC 9421 section 4.1), without derived components
  std::vector<std::string> by_aws;  // in SignedHeaders of Authorization, or X-Amz-SignedHeaders of the query
};

// Unreadable are: a trailer (`;tr`), a component of another message (`;req`), an unknown derived component; a
// Signature-Input and a Signature that do not name the same signatures, are longer than 4 KiB, have more than
// eight, or other than visible ASCII; an AWS signature with a member missing, unknown, repeated or out of its
// grammar, and one in Authorization beside one in the query; more than 128 names. Time is linear in the
// head's length.
std::expected<SignedFields, SignatureFault> signed_fields(const RequestHead& head);

// Whether a value of Authorization is an AWS signature, whole and by its grammar, and not a credential that
// another request could use: `AWS4-HMAC-SHA256` or `AWS4-ECDSA-P256-SHA256`, with Credential, SignedHeaders
// and Signature once each. Allocates nothing.
bool is_aws_signature(std::string_view authorization);

// Whether it has visible characters of ASCII and spaces only.
bool is_visible_ascii(std::string_view text);

}  // namespace gatehouse::http
