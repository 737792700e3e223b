// The variables of an operation's conditions, with the types that its parameters, body and resource declare.
#pragma once

#include "cel/environment.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// The types of the operation's declared input. `resource` is left open.
InputTypes input_types(const openapi::Operation& operation);
// The columns of a lookup.
cel::Type resource_type(const Statement& statement);
// For `when`: principal, request, resource.
cel::Environment condition_environment(const InputTypes& types);
// For a limit's key, which several operations share: principal and request with undeclared members, and
// `body`, `path`, `query` as short names.
cel::Environment limit_environment();
// The same for one operation: fields and cookies are those that it declares.
cel::Environment limit_environment(const openapi::Operation& operation);
// For a scheme's `roles`, `scopes`, `tenant` and `id`: the verified claims.
cel::Environment claims_environment();

}  // namespace gatehouse::policy
