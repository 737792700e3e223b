// Operations that Gatehouse answers itself. An OpenAPI document and a policy in the binary describe them, and
// they pass the gates like any other: only the target is the program's own.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/problems.h"

namespace gatehouse {

class Target;
namespace net {
class Loop;
}
namespace policy {
class PolicySet;
struct Settings;
}  // namespace policy

// The inputs of a target's factory, for one worker under one policy. Both outlive the target.
struct BuiltInContext {
  const policy::PolicySet& policy;
  net::Loop& loop;
};

struct BuiltInOperation {
  std::string_view name;  // its operationId, which begins with the group's name: `well_known.security_txt`
  std::unique_ptr<Target> (*make)(const BuiltInContext& context);
};

// Operations that the configuration turns on together. A room exports one, and app/built_ins.cc lists it.
struct BuiltInGroup {
  std::string_view name;      // `well_known`
  std::string_view document;  // OpenAPI, as YAML
  std::string_view policy;    // `roles`, `limits` and `operations`, as gatehouse.yaml has them
  std::span<const BuiltInOperation> operations;  // each of the document's
  // Where the configuration turns the group on; null where it does not.
  const Place* (*turned_on)(const policy::Settings& settings);
};

}  // namespace gatehouse
