#include "cel/environment.h"

namespace gatehouse::cel {

Slot Environment::declare(std::string_view name, Type type) {
  if (const auto found = slots_.find(name); found != slots_.end()) {
    variables_[found->second].type = std::move(type);
    return found->second;
  }
  const Slot slot = static_cast<Slot>(variables_.size());
  variables_.push_back({std::string(name), std::move(type)});
  slots_.emplace(name, slot);
  return slot;
}

void Environment::declare_function(std::string_view name, Overload overload) {
  functions_[std::string(name)].push_back(std::move(overload));
}

std::optional<Slot> Environment::find(std::string_view name) const {
  const auto found = slots_.find(name);
  return found == slots_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<Overload>* Environment::functions(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

}  // namespace gatehouse::cel
