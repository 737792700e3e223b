// The proposals of `gatehouse init` for one operation, made of its method, its tag and the words of its
// names.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "openapi/api.h"

namespace gatehouse::app {

// "Users & Roles" gives "users-roles".
std::string slug(std::string_view text);
// "orders:read": the area from the first tag or the path, the action from the method.
std::string proposed_permission(const openapi::Operation& operation);
// Those of a whole document. The role `anonymous` holds the permissions of operations that ask for no
// credential, so no operation that asks for one has the same.
class ProposedPermissions {
 public:
  explicit ProposedPermissions(const openapi::Api& api);
  std::string of(const openapi::Operation& operation) const;

 private:
  std::set<std::string> secured_;
};
// A field of the operation for one that is used to guess, to collect or to administer; otherwise empty.
std::string proposed_limits(const openapi::Operation& operation);
// The kind of a sensitive operation, or empty.
std::string proposed_sensitive(const openapi::Operation& operation);

}  // namespace gatehouse::app
