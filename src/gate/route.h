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
  // Whether the operation answers now, or is in maintenance. Asked behind the limits of its address.
  static Verdict<void> answers_now(Exchange& exchange);
};

}  // namespace gatehouse::gate
