// bytes → Matched: which operation this is.
#pragma once

#include "core/verdict.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

// The operation that the path and method stand for. Made by route() only.
class Matched {
 public:
  const policy::Operation& operation() const { return *operation_; }

 private:
  friend Verdict<Matched> route(Exchange& exchange);
  explicit Matched(const policy::Operation& operation) : operation_(&operation) {}
  const policy::Operation* operation_;
};

Verdict<Matched> route(Exchange& exchange);

}  // namespace gatehouse::gate
