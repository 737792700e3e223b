// What the document marks as secret (writeOnly, x-sensitive, format: password) is in no text of others that
// is recorded: an upstream that repeats it in its error, or in what a handler says went wrong.
#pragma once

#include "gate/exchange.h"
#include "openapi/api.h"

namespace gatehouse::gate {

// Adds the values of the operation's marked parameters, once they are read, to the exchange's credentials.
void keep_marked_parameters(Exchange& exchange, const policy::Operation& operation);

// The same for the marked members of the body, once it is checked. Members are found by name, at any depth.
void keep_marked_members(Exchange& exchange, const openapi::Content& content);

}  // namespace gatehouse::gate
