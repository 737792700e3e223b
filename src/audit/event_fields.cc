#include "audit/event_fields.h"

#include <algorithm>
#include <array>

#include "core/reason.h"

namespace gatehouse::audit {

bool is_outcome(std::string_view text) {
  constexpr std::array kOutcomes{Outcome::refused, Outcome::failed, Outcome::upstream, Outcome::allowed};
  return std::ranges::any_of(kOutcomes, [&](Outcome outcome) { return name(outcome) == text; });
}

bool is_reason(std::string_view text) {
  return std::ranges::any_of(every_reason(), [&](const ReasonFacts& facts) { return facts.name == text; });
}

}  // namespace gatehouse::audit
