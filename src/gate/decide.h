// Permission × Input × object → Permit: every condition holds on this very object.
#pragma once

#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/activation.h"
#include "gate/route.h"

namespace gatehouse::gate {

class Decider {
 public:
  // `exchange.row` holds the object where the operation has a `resource`. Every condition must be true; one that
  // fails to evaluate refuses like one that is false.
  static Verdict<Permit> decide(Exchange& exchange, const Matched& matched, Permission permission, const Input& input,
                                Evaluator& evaluator);
};

}  // namespace gatehouse::gate
