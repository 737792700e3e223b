// What most commands begin with: the configuration, loaded and tried, or its problems on standard error.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/problems.h"
#include "policy/load.h"
#include "policy/policy_set.h"

namespace gatehouse::app {

// What loading needs of this program: files, its handlers, and what it answers itself.
policy::LoadOptions load_options();

// Null where there is a problem. On a terminal it says which document is being read.
std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path, Problems& problems);
// The same, with every problem told on standard error, and what follows from them: "nothing was started".
std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path, std::string_view consequence);

// "4 problems in gatehouse.yaml"
std::string count_of(const Problems& problems, const std::string& path);

}  // namespace gatehouse::app
