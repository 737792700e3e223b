// Verdict<T>: the result of a gate. Either the proof that the next gate needs, or a refusal; there is no
// third way.
#pragma once

#include <chrono>
#include <expected>
#include <string_view>

#include "core/reason.h"

namespace gatehouse {

struct Refusal {
  Reason reason = Reason::internal_error;
  RefusalAnswer answer = RefusalAnswer::internal_error;
  std::string_view rule;                // which rule decided; lives as long as the policy
  std::chrono::seconds retry_after{0};  // when asking again makes sense; 0: not said
  unsigned status = 0;                  // instead of the answer's own; 0: that one

  Refusal() = default;
  explicit Refusal(Reason why, std::string_view by_rule = {})
      : reason(why), answer(facts_of(why).answer), rule(by_rule) {}
  // The same reason behind another public face: an object that is hidden, for example.
  Refusal shown_as(RefusalAnswer other) const {
    Refusal refusal = *this;
    refusal.answer = other;
    return refusal;
  }
  Stage stage() const { return facts_of(reason).stage; }
};

template <typename T>
using Verdict = std::expected<T, Refusal>;

// Cold: refusals may take a little longer than allowed requests.
[[gnu::cold, gnu::noinline]] inline std::unexpected<Refusal> refuse(Reason reason,
                                                                    std::string_view rule = {}) {
  return std::unexpected(Refusal(reason, rule));
}

}  // namespace gatehouse
