// The target of an operation: the code that answers it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/problems.h"
#include "openapi/api.h"
#include "policy/compile_objects.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// An operation that is compiled, and the parts of the configuration that targets name.
struct TargetInput {
  const openapi::Operation& from;
  const OperationSettings& own;
  const Place& place;  // for a problem that no setting has
  const std::string& operation;
  const DocumentSettings* document;  // null: of a built-in operation
  const Settings& settings;
  const std::vector<std::string>& handlers;
  ObjectCompiler& objects;
  Problems& problems;
};

// The upstream for operations that state none: the document's, or else that of `defaults`; null: there is
// none.
const PlacedText* default_upstream(const Settings& settings, const DocumentSettings* document);

class TargetCompiler {
 public:
  // The references outlive it. `handlers` are the names of the program's own.
  TargetCompiler(const PolicySet& set, ObjectCompiler& objects, std::vector<std::string> handlers,
                 std::vector<const BuiltInOperation*> built_ins, Problems& problems)
      : set_(set),
        objects_(objects),
        handlers_(std::move(handlers)),
        built_ins_(std::move(built_ins)),
        problems_(problems) {}

  // Fills the operation's target with the kind that it states, or with the default upstream. `place` is
  // for a problem that no setting has.
  void decide(const openapi::Operation& from, const OperationSettings& own, const Place& place,
              Operation& operation);

 private:
  const PolicySet& set_;
  ObjectCompiler& objects_;
  std::vector<std::string> handlers_;
  std::vector<const BuiltInOperation*> built_ins_;
  Problems& problems_;
};

}  // namespace gatehouse::policy
