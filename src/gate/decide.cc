#include "gate/decide.h"

namespace gatehouse::gate {

Verdict<Permit> Decider::decide(Exchange& exchange, const Matched& matched, Permission permission, const Input& input,
                                Evaluator& evaluator) {
  const policy::Operation& operation = matched.operation();
  if (operation.resource && exchange.row.empty()) {
    return refuse(Reason::object_missing, operation.resource->rule);
  }
  // Foreign objects do not exist: a caller who may not see the object hears what it would hear without one.
  const bool hidden = operation.resource && operation.hide == policy::Hide::yes;
  const auto refused = [&](Reason reason, std::string_view rule) {
    const Refusal refusal(reason, rule);
    return std::unexpected(hidden ? refusal.shown_as(Answer::not_found) : refusal);
  };
  const RequestActivation activation(exchange, permission.principal(), input);
  for (const policy::Condition& condition : operation.conditions) {
    const cel::Outcome outcome = condition.program.evaluate(activation, evaluator);
    if (!outcome) {
      exchange.detail = outcome.error().text;
      return refused(Reason::condition_error, condition.rule);
    }
    if (!outcome->is_true()) return refused(Reason::condition_false, condition.rule);
  }
  return Permit(std::move(permission));
}

}  // namespace gatehouse::gate
