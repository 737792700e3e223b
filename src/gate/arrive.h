// Bytes → Exchange: what is found out about every request before the first gate looks at it.
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

// What could not be read as a request.
Refusal refusal_of(http::Malformed reason);

// Gives the exchange its times, its ids, the address that it comes from and what it names of this server, and
// collects the credentials that nothing of what others say may bring into the record: what a configured
// authenticator's carrier holds, and what is a credential by its form (gate/secret_forms.h); none is shorter
// than 16 bytes. Precondition: the exchange has begun, and `head` is a parsed head or empty.
//
// A trusted proxy is believed about the address (X-Forwarded-For), the host that was asked for
// (X-Forwarded-Host, Forwarded), early data (RFC 8470), and, where `tracing` says so, the trace. What it says
// that cannot be read is refused; the address is then that of the peer. A host that is not among `served` is
// refused with 421, a request in early data that may change something with 425.
Verdict<void> arrive(Exchange& exchange, const http::ServedNames& served, const Clock& clock,
                     Entropy& entropy);

// What an upstream's answer is kept without: the credentials, and the cookies, which may be credentials to
// the upstream. Views into the exchange.
std::vector<std::string_view> secrets_of(Exchange& exchange);

}  // namespace gatehouse::gate
