// "there are: a, b": the end of a message about an unknown name.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gatehouse::policy {

inline std::string known(const std::vector<std::string>& names) {
  return names.empty() ? std::string("there is none") : fmt::format("there are: {}", fmt::join(names, ", "));
}

template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace gatehouse::policy
