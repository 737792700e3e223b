// The values of a path template's parameters in a path.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace gatehouse::http {

// Raw segments (or parts of them) in the order of the template's parameters; views of the path that was
// matched.
struct Captures {
  static constexpr std::size_t kCapacity = 16;
  std::array<std::string_view, kCapacity> values;
  std::size_t size = 0;
};

}  // namespace gatehouse::http
