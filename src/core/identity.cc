#include "core/identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"

namespace gatehouse {

std::string_view name(PrincipalKind kind) {
  constexpr std::string_view kNames[] = {"anonymous", "key", "token", "certificate"};
  return kNames[std::to_underlying(kind)];
}

bool is_reserved_id(std::string_view id) {
  constexpr std::array<std::string_view, 3> kReserved = {kAnonymous, "authenticated", "gatehouse"};
  return std::ranges::any_of(kReserved, [&](std::string_view one) { return equal_ignoring_case(id, one); });
}

Verdict<void> Principal::in_force(WallTime now) const {
  const auto holds = [&](const Identity& one) {
    return one.standing ? one.standing->in_force(now) : Verdict<void>();
  };
  for (const IdentityPointer& one : beside_) {
    if (auto held = holds(*one); !held) return held;
  }
  return holds(*identity_);
}

std::size_t memory_of(const Identity& identity) {
  std::size_t bytes = sizeof identity + identity.claims.memory();
  for (const std::string* text : {&identity.id, &identity.scheme, &identity.issuer, &identity.credential_id,
                                  &identity.credential_key, &identity.tenant}) {
    bytes += text->capacity();
  }
  for (const std::vector<std::string>* list :
       {&identity.roles, &identity.scopes, &identity.permission_patterns}) {
    bytes += list->capacity() * sizeof(std::string);
    for (const std::string& text : *list) bytes += text.capacity();
  }
  return bytes;
}

}  // namespace gatehouse
