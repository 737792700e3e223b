// Settings and OpenAPI documents to a PolicySet. Every operation gets its decisions about callers,
// permissions, input, limits and the record; a problem names each missing one.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/problems.h"
#include "db/connection.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

struct CompileInput {
  Settings settings;
  std::vector<openapi::Api> apis;
  db::Connection* database = nullptr;  // the database for checking statements; null: there is none
  std::vector<std::string> handlers;   // operations' names that the program brings code for
  std::vector<const BuiltInOperation*> built_ins;  // the program's own operations, of `apis`
};

// Null when there was a problem. Adds every problem it finds.
std::shared_ptr<const PolicySet> compile(CompileInput input, Problems& problems);

}  // namespace gatehouse::policy
