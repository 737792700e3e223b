// The objects of an operation: the statements it runs, `resource`, and the conditions of `when`.
#pragma once

#include <optional>
#include <string>

#include "base/problems.h"
#include "openapi/api.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

class ObjectCompiler {
 public:
  // `set` and `problems` outlive it; the set has its statements' catalogue when the first operation comes.
  ObjectCompiler(PolicySet& set, Problems& problems) : set_(set), problems_(problems) {}

  // The statement with the value of each parameter; nothing with a problem.
  std::optional<Statement> statement(const PlacedText& text, const openapi::Operation& from,
                                     const std::string& name);
  // Which objects: fills the operation's resource and conditions.
  void decide(const openapi::Operation& from, const OperationSettings& own, Operation& operation);

 private:
  std::optional<Guarded> guarded(const OperationSettings& own, const Operation& operation,
                                 const cel::Environment& environment);
  std::optional<Resource> resource(const ResourceSettings& settings, const openapi::Operation& from,
                                   Operation& operation);
  std::optional<UpstreamLookup> lookup(const ResourceSettings::Upstream& settings,
                                       const Operation& operation);
  cel::Type attributes(const ResourceSettings& settings, const std::string& name);
  // `what` is the beginning of the message: "the statement binds `:path.id`".
  void check_declared(const Reference& value, const openapi::Operation& from, const Place& place,
                      const std::string& name, const std::string& what);

  PolicySet& set_;
  Problems& problems_;
};

}  // namespace gatehouse::policy
