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

// What loading needs of the program around it.
struct LoadOptions {
  doc::ReadFile read;                                   // files
  std::vector<std::string> handlers;                    // that the program brings code for
  std::span<const BuiltInGroup* const> built_ins = {};  // what it answers itself, where that is turned on
  // Adds what is wrong with the settings that only the program can tell: files it will open. May be empty.
  std::function<void(const Settings&, Problems&)> examine = nullptr;
  // Called before each document is read, which may take a while. May be empty.
  std::function<void(const std::filesystem::path&)> begins = nullptr;
};

// gatehouse.yaml, every document that it names, and the database that its statements are checked against.
// Null when there was a problem; every problem is added, each with its place.
std::shared_ptr<const PolicySet> load(const std::filesystem::path& path, const LoadOptions& options,
                                      Problems& problems);

}  // namespace gatehouse::policy
