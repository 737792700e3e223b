// Bytes → Exchange: the facts about every request that the first gate needs.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "http/malformed.h"
#include "http/served_names.h"

namespace gatehouse::gate {

// The refusal of bytes that could not be read as a request.
Refusal refusal_of(http::Malformed reason);

// Sets the exchange's times, ids, client address and requested host, and collects the credentials that must
// be removed from texts of others in the record: the contents of a configured authenticator's carrier, and
// texts with the form of a credential (core/secret_forms.h); none is shorter than 16 bytes. Precondition: the
// exchange has begun, and `head` is a parsed head or empty.
//
// A trusted proxy is believed about the client's address (X-Forwarded-For), the requested host
// (X-Forwarded-Host, Forwarded), early data (RFC 8470), and, if `tracing` says so, the trace. A field of it
// that cannot be read is refused; the address is then that of the peer. A host that is not among `served` is
// refused with 421, a request in early data that may change something with 425, one for another protocol on
// its connection with 400.
Verdict<void> arrive(Exchange& exchange, const http::ServedNames& served, const Clock& clock,
                     Entropy& entropy);

// Whether requests from the exchange's address are answered (`allowed`, `blocked`).
Verdict<void> admits_address(const Exchange& exchange);

// The texts to remove from an upstream's kept answer: the credentials, and the cookies, which may be
// credentials to the upstream. Views into the exchange.
std::vector<std::string_view> secrets_of(Exchange& exchange);

}  // namespace gatehouse::gate
