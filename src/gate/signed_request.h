// Requests that their senders signed for the upstream: `signed: true`.
#pragma once

#include "core/identity.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

// Whether the upstream gets all that the signatures cover as it was sent: false, with a finding for the first
// of it that would be left out, written anew, or written by Gatehouse. Path, query and Host are taken as
// covered. A request without a signature is false too; so is an X-Amz-* field that the AWS signature does not
// cover, or that is longer than 8 KiB or not visible ASCII. Nothing is verified: the upstream has the key.
// Precondition: exchange.passages was decided.
bool keeps_signature(Exchange& exchange, const policy::Operation& operation, const Principal& principal);

}  // namespace gatehouse::gate
