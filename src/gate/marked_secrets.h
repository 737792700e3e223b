// Removes the values that the document marks as secret (writeOnly, x-sensitive, format: password) from
// recorded texts of others: an upstream may repeat one in its error, or a handler in its message.
#pragma once

#include "gate/exchange.h"
#include "openapi/api.h"

namespace gatehouse::gate {

// Adds the values of the operation's marked parameters, once they are read, to the exchange's credentials.
void keep_marked_parameters(Exchange& exchange, const policy::Operation& operation);

// The same for the marked members of the body, once it is checked. Members are found by name, at any depth.
void keep_marked_members(Exchange& exchange, const openapi::Content& content);

}  // namespace gatehouse::gate
