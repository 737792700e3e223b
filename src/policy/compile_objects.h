// What an operation does with objects: the statements it runs, `resource`, and the conditions of `when`.
#pragma once

#include <optional>
#include <string>

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

class ObjectCompiler {
 public:
  // `set` and `problems` outlive it; the set has its statements' catalogue when the first operation comes.
  ObjectCompiler(PolicySet& set, Problems& problems) : set_(set), problems_(problems) {}

  // The statement with what each of its parameters stands for; nothing with a problem.
  std::optional<Statement> statement(const PlacedText& text, const openapi::Operation& from,
                                     const std::string& name);
  // Which objects: fills the operation's resource and conditions.
  void decide(const openapi::Operation& from, const OperationSettings& own, Operation& operation);

 private:
  void check_declared(const Reference& value, const openapi::Operation& from, const Place& place,
                      const std::string& name, const std::string& written);

  PolicySet& set_;
  Problems& problems_;
};

}  // namespace gatehouse::policy
