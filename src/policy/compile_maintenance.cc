#include "policy/compile_maintenance.h"

#include <string_view>

#include <fmt/format.h>

#include "core/instructions.h"

namespace gatehouse::policy {

void compile_maintenance(PolicySet& set, Problems& problems) {
  if (!set.settings.maintenance) return;
  for (const PlacedText& pattern : set.settings.maintenance->operations) {
    const std::string_view name = pattern.value;
    bool any = false;
    for (Operation& operation : set.operations) {
      // What Gatehouse answers itself does not depend on any service.
      if (!names_operation(name, operation.name) || operation.built_in() != nullptr) continue;
      operation.maintenance = &*set.settings.maintenance;
      any = true;
    }
    if (any) continue;
    problems.add(pattern.place, fmt::format("maintenance.operations: no operation is named `{}`; write an "
                                            "operationId, or the beginning of several and `*`",
                                            pattern.value));
  }
}

}  // namespace gatehouse::policy
