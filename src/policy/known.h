// The end of a message about a name that there is not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "doc/reader.h"

namespace gatehouse::policy {

// "did you mean `a`?", or "there are: a, b".
inline std::string known(const std::vector<std::string>& names, std::string_view written = {}) {
  if (const auto near = doc::nearest(written, names); !near.empty())
    return fmt::format("did you mean `{}`?", near);
  return names.empty() ? std::string("none is defined")
                       : fmt::format("there are: {}", fmt::join(names, ", "));
}

template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace gatehouse::policy
