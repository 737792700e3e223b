#include "gate/decide.h"

#include <algorithm>

#include "core/counted_memory.h"
#include "policy/names.h"

namespace gatehouse::gate {
namespace {

// A caller that may not see an object gets the same answer as for a missing one.
Refusal refusal_of(const policy::Operation& operation, Reason reason, std::string_view rule) {
  const Refusal refusal(reason, rule);
  const bool hidden = operation.resource && operation.hide == policy::Hide::yes;
  return hidden ? refusal.shown_as(RefusalAnswer::not_found) : refusal;
}

bool reads_any(const policy::Operation& operation, std::initializer_list<Name> names) {
  return std::ranges::any_of(operation.conditions, [&](const policy::Condition& condition) {
    return std::ranges::any_of(condition.program.slots(), [&](cel::Slot slot) {
      return std::ranges::any_of(names, [&](Name name) { return policy::slot(name) == slot; });
    });
  });
}

json::Document copy_of(json::Value value) {
  return value ? json::Document::compact(value) : json::Document();
}

json::Value root_of(const json::Document& document) {
  return document.empty() ? json::Value() : document.root();
}

// A request before its object is looked up. A part that depends on the object is an error, which has()
// reports too: `&&` and `||` absorb it if the other side decides.
class WithoutObject final : public cel::Activation {
 public:
  explicit WithoutObject(const RequestView& request) : request_(request) {}
  cel::Value variable(cel::Slot slot, cel::Arena& arena) const override {
    if (slot == policy::slot(Name::resource))
      return cel::Value::error(cel::Fault::unknown_name, "the object is not known yet");
    return request_.variable(slot, arena);
  }

 private:
  RequestActivation request_;
};

}  // namespace

std::optional<Refusal> Decider::refused_without_object(const RequestView& request, Evaluator& evaluator) {
  const WithoutObject activation(request);
  for (const policy::Condition& condition : request.operation.conditions) {
    const cel::Evaluated outcome = condition.program.evaluate(activation, evaluator);
    if (outcome && !outcome->is_true())
      return refusal_of(request.operation, Reason::condition_false, condition.rule);
  }
  return std::nullopt;
}

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

std::optional<Refusal> Decider::ask(const RequestView& request, Evaluator& evaluator, std::string& detail) {
  const policy::Operation& operation = request.operation;
  if (operation.resource && !request.object) {
    // The conditions are evaluated all the same, on an empty object: their work on the caller's input takes
    // time, which would reveal that the object exists.
    RequestView of_nothing = request;
    of_nothing.object = operation.resource->nothing.root();
    std::string ignored;
    static_cast<void>(first_refusal(of_nothing, evaluator, ignored));
    return Refusal(Reason::object_missing, operation.resource->rule);
  }
  return first_refusal(request, evaluator, detail);
}

bool Decider::depends_on_time(const policy::Operation& operation) {
  return reads_any(operation, {Name::request_time});
}

Refusal Decider::refused_lookup(const policy::Operation& operation, Refusal failed) {
  if (failed.reason == Reason::condition_error)
    return refusal_of(operation, failed.reason, operation.resource->rule);
  failed.rule = operation.resource->rule;
  return failed;
}

// A copy of the values of the request that the conditions read; the identities are shared.
class Decider::HeldConditions final : public DeferredDecision {
 public:
  explicit HeldConditions(Input input)
      : original_(input.request()),
        policy_(input.exchange().policy),
        client_(input.exchange().client),
        id_(input.exchange().id->text()),
        method_(input.exchange().head.method_text),
        received_(input.exchange().received),
        parameters_(
            asks_for({Name::request_path, Name::request_query, Name::request_header, Name::request_cookie})
                ? copy_of(original_.parameters())
                : json::Document()),
        body_(asks_for({Name::request_body}) ? copy_of(original_.body()) : json::Document()),
        held_(original_, root_of(parameters_), root_of(body_)),
        input_(std::move(input)) {}

  const CheckedRequest& request() const override { return original_; }
  const Principal& principal() const override { return *held_.principal(); }
  std::span<const GuardValue> guard_values() const override { return guard_values_; }
  std::string_view resource_rule() const override { return operation().resource->rule; }
  Refusal unreadable() const override {
    return refusal_of(operation(), Reason::condition_error, operation().resource->rule);
  }

  Verdict<Permit> decide(const json::Document& row, std::string& detail) override {
    thread_local Evaluator evaluator;
    RequestView view(held_, client_);
    view.id = id_;
    view.method = method_;
    view.received = received_;
    view.object = root_of(row);
    if (auto refusal = ask(view, evaluator, detail)) return std::unexpected(*refusal);
    return permit();
  }
  Verdict<Permit> held_in_statement() override {
    const policy::SqlTargetPolicy* const sql = operation().sql();
    if (sql == nullptr || !sql->guarded) return refuse(Reason::internal_error);
    return permit();
  }

 private:
  friend class Decider;

  const policy::Operation& operation() const { return *held_.operation(); }
  bool asks_for(std::initializer_list<Name> names) const { return reads_any(*original_.operation(), names); }
  Verdict<Permit> permit() {
    if (!input_) return refuse(Reason::internal_error);
    Permit given(*std::move(input_), held_);
    input_.reset();
    return given;
  }

  // Counts the copied memory, for as long as it is held.
  Verdict<void> count(const std::shared_ptr<CallerShares>* shares) {
    std::uint64_t bytes = parameters_.memory() + body_.memory();
    for (const GuardValue& value : guard_values_) {
      if (const auto* text = std::get_if<std::string>(&value)) bytes += text->capacity();
    }
    GATEHOUSE_TRY(memory_, CountedMemory::of_copies(shares, principal().identity(), client_, bytes));
    return {};
  }

  const CheckedRequest& original_;
  std::shared_ptr<const policy::PolicySet> policy_;
  IpAddress client_;
  std::string id_, method_;
  WallTime received_;
  json::Document parameters_, body_;
  CheckedRequest held_;
  std::optional<Input> input_;  // until it is taken for the permit
  std::vector<GuardValue> guard_values_;
  CountedMemory memory_;
};

Verdict<Permit> Decider::decide(Input input, Evaluator& evaluator) {
  Exchange& exchange = input.exchange();
  if (auto refusal = ask(RequestView(exchange), evaluator, exchange.detail)) return std::unexpected(*refusal);
  return Permit(std::move(input));
}

Verdict<std::shared_ptr<DeferredDecision>> Decider::defer(Input input, Evaluator& evaluator) {
  Exchange& exchange = input.exchange();
  const policy::Operation& operation = input.operation();
  // A refusal here leaves no intent.
  if (!operation.sensitive.empty()) {
    if (auto refusal = refused_without_object(RequestView(exchange), evaluator))
      return std::unexpected(*refusal);
  }
  auto held = std::make_shared<HeldConditions>(std::move(input));
  const RequestActivation activation{RequestView(exchange)};
  const policy::SqlTargetPolicy* const sql = operation.sql();
  const std::span<const policy::GuardProgram> values =
      sql != nullptr && sql->guarded ? std::span<const policy::GuardProgram>(sql->guarded->values)
                                     : std::span<const policy::GuardProgram>();
  for (const policy::GuardProgram& value : values) {
    const cel::Evaluated outcome = value.program.evaluate(activation, evaluator);
    // Too much work is not an error that `||` could absorb.
    if (!outcome &&
        (outcome.error().fault == cel::Fault::cost || outcome.error().fault == cel::Fault::memory)) {
      exchange.detail = outcome.error().text;
      return std::unexpected(
          refusal_of(operation, Reason::condition_error, operation.conditions.front().rule));
    }
    held->guard_values_.push_back(policy::guard_value(outcome, value.use));
  }
  GATEHOUSE_CHECK(held->count(exchange.bodies));
  return held;
}

}  // namespace gatehouse::gate
