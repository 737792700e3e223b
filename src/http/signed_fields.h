// What the sender of a request signed of it, as the request says: HTTP Message Signatures (RFC 9421) and AWS
// Signature Version 4. Nothing is verified here.
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
  unreadable,  // what it covers cannot be read, or is more than a request line and fields
};

// Names of the fields that one of the signatures covers, in lower case: those in Signature-Input (RFC 9421
// section 4.1), in Authorization (`AWS4-HMAC-SHA256 …, SignedHeaders=host;x-amz-date, …`), and in the query
// (`X-Amz-SignedHeaders`). Derived components (`@path`) are not among them. A trailer (`;tr`), a component of
// another message (`;req`) and an unknown derived component are unreadable, and so are a Signature-Input and a
// Signature that are longer than 4 KiB, have more than eight signatures, or come without the other, and more
// than 128 names. Time is linear in the head's length.
std::expected<std::vector<std::string>, SignatureFault> signed_fields(const RequestHead& head);

// Whether a value of Authorization is a signature, and not a credential that another request could use.
bool is_aws_signature(std::string_view authorization);

}  // namespace gatehouse::http
