// Matched → Admitted, Identified → Counted, BodyChecked → Input: limits by address before authentication, by
// principal after it, and by input after its check.
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
  // The same for paths without an operation, so that guessing paths is not free.
  Verdict<void> charge_unmatched(Exchange& exchange, MonotonicTime now);
  // Charges each proven principal (exchange.proven), also if it does not count for this operation.
  Verdict<Counted> admit_principal(Identified identified);
  // The same where identification is refused. A 401 stays one, and shows nothing of these limits: a caller
  // would see by them that one of its credentials is valid.
  Verdict<void> charge_unidentified(const Admitted& admitted, const Refusal& refusal);
  // The limits by input, and then a place among the operation's requests under way (`places`; null: they are
  // not counted), which the exchange keeps until the answer has ended.
  Verdict<Input> admit_input(BodyChecked sent, Evaluator& evaluator,
                             const std::shared_ptr<CallerShares>& places);

  // Charge nothing: for the request of a running answer (Runner::ask_again).
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
