// The first step of most commands: the configuration, loaded and checked, or its problems on standard error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/problems.h"
#include "policy/load.h"
#include "policy/policy_set.h"
#include "policy/settings.h"

namespace gatehouse::app {

// The parts of this program that loading needs: files, handlers, built-in operations.
policy::LoadOptions load_options();

// Null where there is a problem. On a terminal it says which document is being read.
std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path, Problems& problems);
// The same, with every problem on standard error, and the consequence: "nothing was started".
std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path, std::string_view consequence);

// gatehouse.yaml alone, without the files and variables that it names: for commands that work on the store
// only, and must work while a document or a certificate cannot be read. As above where there is a problem.
std::optional<policy::Settings> load_settings(const std::string& path, std::string_view consequence);

// The same for commands that must work while it is being edited: of a configuration with problems, the path
// of its store, where that is there. Nothing else of it may be used.
std::optional<policy::Settings> load_store_settings(const std::string& path, std::string_view consequence);

// "4 problems in gatehouse.yaml"
std::string count_of(const Problems& problems, const std::string& path);

}  // namespace gatehouse::app
