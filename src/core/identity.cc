#include "core/identity.h"

#include <utility>

namespace gatehouse {

std::string_view name(PrincipalKind kind) {
  constexpr std::string_view kNames[] = {"anonymous", "key", "token", "certificate"};
  return kNames[std::to_underlying(kind)];
}

}  // namespace gatehouse
