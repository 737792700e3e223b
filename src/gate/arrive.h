// Bytes → Exchange: what is found out about every request before the first gate looks at it.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "http/malformed.h"

namespace gatehouse::gate {

// What could not be read as a request.
Refusal refusal_of(http::Malformed reason);

// Gives the exchange its times, its ids and the address that it comes from, and collects the byte runs that
// no record may contain. Precondition: the exchange has begun, and `head` is a parsed head or empty. Refuses
// where a trusted proxy's word about the address cannot be read; the address is then that of the peer.
Verdict<void> arrive(Exchange& exchange, const Clock& clock, Entropy& entropy);

}  // namespace gatehouse::gate
