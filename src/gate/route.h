// bytes → Matched: which operation this is.
#pragma once

#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

class Router {
 public:
  // The operation that the path and method stand for.
  static Verdict<Matched> route(Exchange& exchange);
};

}  // namespace gatehouse::gate
