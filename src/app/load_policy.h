// What most commands begin with: the configuration, loaded and tried, or its problems on standard error.
#pragma once

#include <memory>
#include <string>

#include "policy/policy_set.h"

namespace gatehouse::app {

// Null with every problem told. On a terminal it also says which document is being read.
std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path);

}  // namespace gatehouse::app
