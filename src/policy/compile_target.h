// The target of an operation: the code that answers it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problems.h"
#include "openapi/api.h"
#include "policy/compile_objects.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

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

  // Fills the operation's target. `place` is for a problem that no setting has.
  void decide(const openapi::Operation& from, const OperationSettings& own, const Place& place,
              Operation& operation);

 private:
  // An operation that is compiled.
  struct Given {
    const openapi::Operation& from;
    const OperationSettings& own;
    const Place& place;
    Operation& operation;
  };
  // A kind that an operation may state, and the function that compiles it.
  struct Kind {
    std::string_view key;
    bool (*is_stated)(const OperationSettings&);
    void (TargetCompiler::*compile)(const Given&);
  };
  static const Kind kKinds[];
  static std::string keys();

  void sql(const Given& given);
  void upstream(const Given& given);
  void handler(const Given& given);
  void respond(const Given& given);

  const PolicySet& set_;
  ObjectCompiler& objects_;
  std::vector<std::string> handlers_;
  std::vector<const BuiltInOperation*> built_ins_;
  Problems& problems_;
};

}  // namespace gatehouse::policy
