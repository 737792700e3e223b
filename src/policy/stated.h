// Whether a field of OperationSettings (operation_fields.h) was there.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "policy/settings.h"

namespace gatehouse::policy {

inline bool is_stated(const std::vector<PlacedText>& conditions) { return !conditions.empty(); }
inline bool is_stated(const std::shared_ptr<const doc::Field>& field) { return field != nullptr; }
template <typename T>
bool is_stated(const std::optional<T>& field) {
  return field.has_value();
}

}  // namespace gatehouse::policy
