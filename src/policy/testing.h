// Policies of texts in a test.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/problems.h"
#include "policy/load.h"
#include "policy/policy_set.h"

namespace gatehouse::policy::testing {

// Of a gatehouse.yaml whose `openapi` is `[api.json]`. Throws its problems.
inline std::shared_ptr<const PolicySet> policy_of(std::string_view settings, std::string_view api) {
  Problems problems;
  auto policy = load("gatehouse.yaml",
                     {.read = [&](const std::filesystem::path& path) -> Result<std::string> {
                        return std::string(path.filename() == "api.json" ? api : settings);
                      },
                      .handlers = {}},
                     problems);
  if (!policy || !problems.empty()) throw std::runtime_error(problems.text());
  return policy;
}

}  // namespace gatehouse::policy::testing
