// Whether a changed policy would find the data of a running answer in the same way.
#pragma once

#include "gate/exchange.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

bool same_conditions(const policy::Operation& one, const policy::Operation& other);

// Whether the answer's object and rows would be looked for now as they were: `asked` is the request put
// again, `answered` as it was. They are not looked for anew, so where this is not known the answer ends.
bool finds_the_same(const Exchange& asked, const Exchange& answered);

}  // namespace gatehouse::gate
