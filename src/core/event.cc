#include "core/event.h"

#include <utility>

namespace gatehouse {

std::string_view name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"refused", "failed", "upstream", "allowed", ""};
  return kNames[std::to_underlying(outcome)];
}

std::string_view name(Effect effect) {
  constexpr std::string_view kNames[] = {"none", "done", "unknown"};
  return kNames[std::to_underlying(effect)];
}

}  // namespace gatehouse
