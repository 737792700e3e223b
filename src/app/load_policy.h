// What most commands begin with: the configuration, loaded, or its problems on standard error.
#pragma once

#include <memory>
#include <string>

#include "policy/policy_set.h"

namespace gatehouse::app {

std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path);

}  // namespace gatehouse::app
