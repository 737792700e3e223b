// Settings and OpenAPI documents to a PolicySet: here every operation gets its answer to who may call, what
// they may do, what they may send, how often, and what is recorded, or a problem says what is missing.
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
  db::Connection* database = nullptr;              // what statements are checked against; null: there is none
  std::vector<std::string> handlers;               // operations' names that the program brings code for
  std::vector<const BuiltInOperation*> built_ins;  // what the program answers itself, of `apis`
};

// Null when there was a problem. Adds every problem it finds.
std::shared_ptr<const PolicySet> compile(CompileInput input, Problems& problems);

}  // namespace gatehouse::policy
