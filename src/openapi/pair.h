// One `name=value` of a query, form or cookie. Internal to this room.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::openapi {

// Those of one parameter are chained.
struct Pair {
  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;
  // Decoded: which member of an exploded object or deepObject it is; Nesting::brackets: all from the first
  // bracket on.
  std::string_view property;
  std::string_view value;  // raw
  bool has_value = true;   // whether there was a `=`
  std::uint32_t next = kEnd;
};

}  // namespace gatehouse::openapi
