#include "app/load_policy.h"

#include <fmt/format.h>

#include "app/catalogue.h"
#include "policy/load.h"

namespace gatehouse::app {

std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path) {
  Problems problems;
  auto policy = policy::load(path, {doc::disk_files(), handler_names()}, problems);
  if (policy) return policy;
  fmt::print(stderr, "{}{} problem{} in {}: nothing was started\n", problems.text(), problems.size(),
             problems.size() == 1 ? "" : "s", path);
  return nullptr;
}

}  // namespace gatehouse::app
