#include "gate/decide.h"

#include <algorithm>

#include "policy/names.h"

namespace gatehouse::gate {
namespace {

// Foreign objects do not exist: a caller who may not see the object hears what it would hear without one.
Refusal refusal_of(const policy::Operation& operation, Reason reason, std::string_view rule) {
  const Refusal refusal(reason, rule);
  const bool hidden = operation.resource && operation.hide == policy::Hide::yes;
  return hidden ? refusal.shown_as(RefusalAnswer::not_found) : refusal;
}

json::Document copy_of(json::Value value) {
  json::Document document;
  if (value) json::Builder(document).copy(value);
  return document;
}

json::Value root_of(const json::Document& document) {
  return document.empty() ? json::Value() : document.root();
}

}  // namespace

std::optional<Refusal> Decider::first_refusal(const RequestView& request, Evaluator& evaluator,
                                              std::string& detail) {
  const RequestActivation activation(request);
  for (const policy::Condition& condition : request.operation.conditions) {
    const cel::Evaluated outcome = condition.program.evaluate(activation, evaluator);
    if (!outcome) {
      detail = outcome.error().text;
      return refusal_of(request.operation, Reason::condition_error, condition.rule);
    }
    if (!outcome->is_true()) return refusal_of(request.operation, Reason::condition_false, condition.rule);
  }
  return std::nullopt;
}

Verdict<Permit> Decider::ask(const RequestView& request, Permission&& permission, Evaluator& evaluator,
                             std::string& detail) {
  const policy::Operation& operation = request.operation;
  if (operation.resource && !request.object) {
    // The conditions are asked all the same, of an object that has nothing: what they make of the caller's
    // input takes its time, and would tell by it that the object is there.
    RequestView of_nothing = request;
    of_nothing.object = operation.resource->nothing.root();
    std::string ignored;
    static_cast<void>(first_refusal(of_nothing, evaluator, ignored));
    return refuse(Reason::object_missing, operation.resource->rule);
  }
  if (auto refusal = first_refusal(request, evaluator, detail)) return std::unexpected(*refusal);
  return Permit(std::move(permission));
}

Refusal Decider::refused_lookup(const policy::Operation& operation, Refusal failed) {
  if (failed.reason == Reason::condition_error)
    return refusal_of(operation, failed.reason, operation.resource->rule);
  failed.rule = operation.resource->rule;
  return failed;
}

// A copy of what the conditions name of the request; the principal is shared.
class Decider::HeldConditions final : public DeferredDecision {
 public:
  HeldConditions(const Exchange& exchange, Permission permission, const Input& input)
      : policy_(exchange.policy),
        operation_(*exchange.operation),
        permission_(std::move(permission)),
        client_(exchange.client),
        id_(exchange.id->text()),
        method_(exchange.head.method_text),
        received_(exchange.received) {
    using enum Name;
    if (asks_for({request_path, request_query, request_header, request_cookie})) {
      parameters_ = copy_of(input.parameters());
    }
    if (asks_for({request_body})) body_ = copy_of(input.body());
  }

  const Principal& principal() const override { return permission_.principal(); }
  std::span<const GuardValue> guard_values() const override { return guard_values_; }
  std::string_view resource_rule() const override { return operation_.resource->rule; }
  Refusal unreadable() const override {
    return refusal_of(operation_, Reason::condition_error, operation_.resource->rule);
  }

  Verdict<Permit> decide(const json::Document& row, std::string& detail) const override {
    thread_local Evaluator evaluator;
    RequestView request(operation_, permission_.principal(), client_);
    request.id = id_;
    request.method = method_;
    request.received = received_;
    request.parameters = root_of(parameters_);
    request.body = root_of(body_);
    request.object = root_of(row);
    return ask(request, Permission(permission_), evaluator, detail);
  }

 private:
  friend class Decider;
  bool asks_for(std::initializer_list<Name> names) const {
    return std::ranges::any_of(operation_.conditions, [&](const policy::Condition& condition) {
      return std::ranges::any_of(condition.program.slots(), [&](cel::Slot slot) {
        return std::ranges::any_of(names, [&](Name name) { return policy::slot(name) == slot; });
      });
    });
  }

  std::shared_ptr<const policy::PolicySet> policy_;
  const policy::Operation& operation_;
  Permission permission_;
  IpAddress client_;
  std::string id_, method_;
  WallTime received_;
  json::Document parameters_, body_;
  std::vector<GuardValue> guard_values_;
};

Verdict<Permit> Decider::decide(Exchange& exchange, const Matched&, Permission permission, const Input& input,
                                Evaluator& evaluator) {
  return ask(RequestView(exchange, permission.principal(), input), std::move(permission), evaluator,
             exchange.detail);
}

Verdict<std::shared_ptr<const DeferredDecision>> Decider::defer(Exchange& exchange, const Matched&,
                                                                Permission permission, const Input& input,
                                                                Evaluator& evaluator) {
  auto held = std::make_shared<HeldConditions>(exchange, std::move(permission), input);
  const policy::Operation& operation = *exchange.operation;
  if (!operation.sql.guarded) return held;
  const RequestActivation activation(exchange, held->principal(), input);
  for (const policy::GuardProgram& value : operation.sql.guarded->values) {
    const cel::Evaluated outcome = value.program.evaluate(activation, evaluator);
    // Too much work is no error that `||` could absorb.
    if (!outcome &&
        (outcome.error().fault == cel::Fault::cost || outcome.error().fault == cel::Fault::memory)) {
      exchange.detail = outcome.error().text;
      return std::unexpected(
          refusal_of(operation, Reason::condition_error, operation.conditions.front().rule));
    }
    held->guard_values_.push_back(policy::guard_value(outcome, value.use));
  }
  return held;
}

}  // namespace gatehouse::gate
