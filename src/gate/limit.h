// Matched → Admitted, Identified → Counted, BodyChecked → Input: limits by address before anything is
// believed, by principal once it is proven, and by what was sent once it is checked.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/caller_shares.h"
#include "core/limits.h"
#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/activation.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

class LimitGate {
 public:
  explicit LimitGate(LimitStore& store) : store_(store) {}

  Verdict<Admitted> admit_address(Matched matched);
  // The same for what no operation answers, so that guessing paths is not free.
  Verdict<void> charge_unmatched(Exchange& exchange, MonotonicTime now);
  // Charges each of those who were proven (exchange.proven), also where they do not count for this operation.
  Verdict<Counted> admit_principal(Identified identified);
  // The same where identification is refused.
  Verdict<void> charge_unidentified(const Admitted& admitted);
  // What was sent, and then a place among the requests of the operation that are under way (`places`; null:
  // they are not counted), which the exchange keeps until the answer has ended.
  Verdict<Input> admit_input(BodyChecked sent, Evaluator& evaluator,
                             const std::shared_ptr<CallerShares>& places);

  // Charge nothing: for the request of an answer that goes on (Runner::ask_again).
  static Admitted again(Matched matched) { return Admitted(std::move(matched)); }
  static Counted again(Identified identified) { return Counted(std::move(identified)); }
  static Input again(BodyChecked sent) { return Input(std::move(sent)); }

 private:
  Verdict<void> append_part(Exchange& exchange, const policy::Limit& limit, const policy::LimitKeyPart& part,
                            const Identity* who, const RequestActivation* activation, Evaluator* evaluator);
  Verdict<void> take(Exchange& exchange, const std::vector<policy::LimitUse>& uses, MonotonicTime now,
                     const RequestActivation* activation = nullptr, Evaluator* evaluator = nullptr);

  LimitStore& store_;
  // Of the call at hand, which waits for nothing.
  std::string keys_;  // the claims' keys, one behind the other
  std::array<LimitClaim, kMostLimitClaims> claims_;
  std::array<LimitState, kMostLimitClaims> states_;
};

}  // namespace gatehouse::gate
