// One change in the history of keys.
#pragma once

#include <cstdint>

namespace gatehouse::store {

// Every change adds one to `number` and draws `value` at random: a backup that was restored repeats numbers,
// but not values. Where both are equal, so is all that was before.
struct KeyChange {
  std::int64_t number = 0;
  std::int64_t value = 0;
  bool operator==(const KeyChange&) const = default;
};

}  // namespace gatehouse::store
