// CEL's slots for the names of core/names.h.
#pragma once

#include "cel/environment.h"
#include "core/names.h"

namespace gatehouse::policy {

// A condition's variables are declared in the order of the enumeration: the enumerator is the slot.
constexpr cel::Slot slot(Name name) { return static_cast<cel::Slot>(name); }
// The one name that a scheme's own expressions see.
inline constexpr cel::Slot kClaimsSlot = 0;

}  // namespace gatehouse::policy
