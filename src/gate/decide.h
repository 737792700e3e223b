// Input × object → Permit: every condition holds on this very object.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/deferred_decision.h"
#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/activation.h"

namespace gatehouse::gate {

class Decider {
 public:
  // `exchange.row` holds the object where the operation has a `resource`. Every condition must be true; one
  // that fails to evaluate refuses like one that is false.
  static Verdict<Permit> decide(Input input, Evaluator& evaluator);
  // The same for a target that finds the object itself. Refuses if a parameter of the statement's guard takes
  // more memory than expressions may, if there is no memory for the conditions' values, and a sensitive
  // operation if a condition is false for every object.
  static Verdict<std::shared_ptr<DeferredDecision>> defer(Input input, Evaluator& evaluator);
  // Whether a condition can have another outcome when it is asked later: one reads the time.
  static bool depends_on_time(const policy::Operation& operation);
  // Of a lookup that failed, as the caller may see it.
  static Refusal refused_lookup(const policy::Operation& operation, Refusal failed);

 private:
  class HeldConditions;
  static std::optional<Refusal> first_refusal(const RequestView& request, Evaluator& evaluator,
                                              std::string& detail);
  static std::optional<Refusal> ask(const RequestView& request, Evaluator& evaluator, std::string& detail);
  // A refusal that holds for every object; says nothing about conditions that depend on the object.
  static std::optional<Refusal> refused_without_object(const RequestView& request, Evaluator& evaluator);
};

}  // namespace gatehouse::gate
