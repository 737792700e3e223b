// Who asks too often: limits by address before anything is believed, by principal once it is proven, and by
// what was sent once it is checked.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/limits.h"
#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/activation.h"
#include "gate/exchange.h"
#include "gate/route.h"

namespace gatehouse::gate {

class LimitGate {
 public:
  explicit LimitGate(LimitStore& store) : store_(store) {}

  Verdict<Admitted> admit_address(Exchange& exchange, const Matched& matched, MonotonicTime now);
  // The same for what no operation answers, so that guessing paths is not free.
  Verdict<Admitted> admit_unmatched(Exchange& exchange, MonotonicTime now);
  // Charges whoever was proven (exchange.proven), also where it does not count for this operation.
  Verdict<Admitted> admit_principal(Exchange& exchange, const Matched& matched, MonotonicTime now);
  Verdict<Admitted> admit_input(Exchange& exchange, const Matched& matched, const Principal& principal,
                                const Input& input, Evaluator& evaluator, MonotonicTime now);

 private:
  Verdict<Admitted> take(Exchange& exchange, const std::vector<policy::LimitUse>& uses,
                         const RequestActivation* activation, Evaluator* evaluator, MonotonicTime now);

  LimitStore& store_;
  // Of the call at hand.
  std::string keys_;  // the claims' keys, one behind the other
  std::array<LimitClaim, kMostLimitClaims> claims_;
  std::array<LimitState, kMostLimitClaims> states_;
};

}  // namespace gatehouse::gate
