#include "app/built_ins.h"

#include "well_known/operations.h"

namespace gatehouse::app {

std::span<const BuiltInGroup* const> built_in_groups() {
  static constexpr const BuiltInGroup* kGroups[] = {
      &well_known::kGroup,
  };
  return kGroups;
}

}  // namespace gatehouse::app
