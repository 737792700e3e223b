// From files to a PolicySet.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/problems.h"
#include "core/builtin.h"
#include "db/connection.h"
#include "doc/load.h"
#include "doc/source.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

// The inputs of loading from the program.
struct LoadOptions {
  doc::ReadFile read;                                   // files
  std::vector<std::string> handlers;                    // that the program brings code for
  std::span<const BuiltInGroup* const> built_ins = {};  // the program's own operations, if they are turned on
  // Adds problems of the settings that only the program can find: files it will open. May be empty.
  std::function<void(const Settings&, Problems&)> examine = nullptr;
  // Called before each document is read, which may take a while. May be empty.
  std::function<void(const std::filesystem::path&)> begins = nullptr;
};

// The path of a file as messages show it: below the current directory relative to it, which can be clicked,
// and else as it is.
std::string shown_path(std::string_view file);

// gatehouse.yaml, every document that it names, and the database that its statements are checked against.
// Null when there was a problem; every problem is added, each with its place.
std::shared_ptr<const PolicySet> load(const std::filesystem::path& path, const LoadOptions& options,
                                      Problems& problems);

}  // namespace gatehouse::policy
