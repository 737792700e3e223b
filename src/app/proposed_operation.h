// The proposals of `gatehouse init` for one operation, made of its method, its tag and the words of its
// names.
#pragma once

#include <string>
#include <string_view>

#include "openapi/api.h"

namespace gatehouse::app {

// "Users & Roles" gives "users-roles".
std::string slug(std::string_view text);
// "orders:read": the area from the first tag or the path, the action from the method.
std::string proposed_permission(const openapi::Operation& operation);
// A field of the operation for one that is used to guess, to collect or to administer; otherwise empty.
std::string proposed_limits(const openapi::Operation& operation);
// The kind of a sensitive operation, or empty.
std::string proposed_sensitive(const openapi::Operation& operation);

}  // namespace gatehouse::app
