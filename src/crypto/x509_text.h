// Names and numbers of X.509 as text. Internal to this room.
#pragma once

#include <string>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/result.h"

namespace gatehouse::crypto {

// RFC 4514: "CN=orders,O=Partner", UTF-8; empty when the name is.
Result<std::string> text_of(const X509_NAME* name);
// Hex, lower case, no leading zeros.
Result<std::string> text_of(const ASN1_INTEGER* serial);
// Before 1970 and after 2262, the nearest time that WallTime can hold.
Result<WallTime> wall_time(const ASN1_TIME* time);

}  // namespace gatehouse::crypto
