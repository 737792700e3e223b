#include "app/decision_path.h"

#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/reason_text.h"
#include "audit/event_fields.h"
#include "core/event.h"

namespace gatehouse::app {
namespace {

// In the order of a request's life.
enum class Gate : std::uint8_t {
  tls,
  http,
  route,
  limit_address,
  authenticate,
  limit_principal,
  permit,
  validate,
  limit_request,
  decide,
  call,
  filter,
  record,
};
constexpr std::string_view kGates[] = {"tls",   "http",   "route",    "limit", "authenticate",
                                       "limit", "permit", "validate", "limit", "decide",
                                       "call",  "filter", "record"};
constexpr std::size_t kGateCount = std::size(kGates);

// The members of an event, and the operation that it was, as the policy has it now.
struct EventView {
  json::Value event;
  const policy::PolicySet* policy = nullptr;
  const policy::Operation* operation = nullptr;

  EventView(json::Value of, const policy::PolicySet* now) : event(of), policy(now) {
    if (policy != nullptr && has("operation")) operation = policy->find(text("operation"));
  }
  std::string_view text(audit::FieldName member) const {
    return event.find_string(member).value_or(std::string_view());
  }
  bool has(audit::FieldName member) const { return !text(member).empty(); }
  std::uint64_t number(audit::FieldName member) const {
    const auto value = event.find(member);
    return value && value->is_number() ? value->unsigned_integer().value_or(0) : 0;
  }
  const policy::Limit* limit(std::string_view name) const {
    if (policy == nullptr) return nullptr;
    for (const auto& limit : policy->limits) {
      if (limit->name == name) return limit.get();
    }
    return nullptr;
  }
};

// A limit's name says which of the three times it was asked; without it, whether the caller was known by
// then.
Gate gate_of_limit(const EventView& view) {
  if (const policy::Limit* limit = view.limit(view.text("rule")); limit != nullptr && view.has("operation")) {
    switch (limit->phase) {
      case policy::Limit::Phase::address: return Gate::limit_address;
      case policy::Limit::Phase::principal: return Gate::limit_principal;
      case policy::Limit::Phase::input: return Gate::limit_request;
    }
  }
  return view.has("user.id") ? Gate::limit_principal : Gate::limit_address;
}

// The gate that ended the request; nothing for a request that broke off somewhere.
std::optional<Gate> gate_of(const EventView& view, Reason reason) {
  switch (reason) {
    case Reason::too_many_at_once: return Gate::limit_request;
    case Reason::scope_missing:  // the caller was proven, and has paid
    case Reason::principal_blocked:
    case Reason::permission_missing: return Gate::permit;
    case Reason::upstream_error:
    case Reason::upstream_refusal: return Gate::filter;
    case Reason::record_unavailable: return Gate::record;
    case Reason::condition_error:
      if (view.limit(view.text("rule")) != nullptr) return Gate::limit_request;
      break;
    default: break;
  }
  switch (facts_of(reason).stage) {
    case Stage::transport: return Gate::tls;
    case Stage::http: return Gate::http;
    case Stage::route: return Gate::route;
    case Stage::limit: return gate_of_limit(view);
    case Stage::authenticate: return Gate::authenticate;
    case Stage::authorise: return Gate::decide;
    case Stage::validate: return Gate::validate;
    // The object's attributes are looked up before the conditions; the filter decides about a whole answer.
    case Stage::call:
      if (view.text("rule").ends_with(".resource")) return Gate::decide;
      return view.number("upstream.status_code") >= 400 ? Gate::filter : Gate::call;
    case Stage::respond: return std::nullopt;
  }
  return std::nullopt;
}

std::string limits_text(const EventView& view, Gate gate) {
  if (view.operation == nullptr) return "no more requests than its limits allow";
  const std::vector<policy::LimitUse>& uses = gate == Gate::limit_address ? view.operation->address_limits
                                              : gate == Gate::limit_principal
                                                  ? view.operation->principal_limits
                                                  : view.operation->input_limits;
  std::vector<std::string> texts;
  for (const policy::LimitUse& use : uses) {
    const auto settings = view.policy->settings.limits.find(use.limit->name);
    texts.push_back(settings == view.policy->settings.limits.end()
                        ? use.limit->name
                        : fmt::format("{} ({})", use.limit->name, to_text(settings->second.rate)));
  }
  if (gate == Gate::limit_request && view.operation->concurrency != 0) {
    texts.push_back(fmt::format("{} at once", view.operation->concurrency));
  }
  return texts.empty() ? std::string("none here") : fmt::format("within {}", fmt::join(texts, ", "));
}

std::string unmatched_limits_text(const EventView& view) {
  std::vector<std::string_view> names;
  if (view.policy != nullptr) {
    for (const policy::LimitUse& use : view.policy->unmatched_limits) names.push_back(use.limit->name);
  }
  return names.empty() ? std::string("no limit by address")
                       : fmt::format("counted by {}", fmt::join(names, ", "));
}

std::string route_text(const EventView& view) {
  std::string text = fmt::format("{} {} is {}", view.text("http.request.method"), view.text("http.route"),
                                 view.text("operation"));
  if (const auto resource = view.event.find(audit::FieldName("resource"));
      resource && resource->is_object()) {
    for (const json::Member member : resource->members()) {
      if (member.value.is_string()) text += fmt::format(", {}={}", member.key(), member.value.string());
    }
  }
  return text;
}

std::string caller_text(const EventView& view) {
  if (!view.has("auth.scheme")) {
    const bool open =
        view.operation != nullptr && view.operation->settings != nullptr && view.operation->settings->open;
    return open ? fmt::format("anonymous: the operation is public, because \"{}\"",
                              view.operation->settings->open->value)
                : "anonymous";
  }
  std::string text = fmt::format("{} by {}", view.text("user.id"), view.text("auth.scheme"));
  if (view.has("auth.issuer")) text += fmt::format(" of {}", view.text("auth.issuer"));
  if (view.has("auth.credential.id")) text += fmt::format(", credential {}", view.text("auth.credential.id"));
  if (const auto also = view.event.find(audit::FieldName("auth.also")); also && also->is_array()) {
    for (const json::Value one : also->elements()) {
      text += fmt::format("; and {} by {}", one.find_string(audit::FieldName("user.id")).value_or("somebody"),
                          one.find_string(audit::FieldName("auth.scheme")).value_or("something"));
    }
  }
  return text;
}

std::string conditions_text(const EventView& view) {
  if (view.operation == nullptr || view.operation->settings == nullptr) return {};
  std::vector<std::string_view> texts;
  for (const policy::PlacedText& condition : view.operation->settings->conditions)
    texts.emplace_back(condition.value);
  if (!texts.empty()) return fmt::format("{}", fmt::join(texts, "; "));
  return view.operation->resource ? "the object exists" : "no condition";
}

std::string call_text(const EventView& view) {
  if (view.has("upstream.name")) {
    return fmt::format("the upstream {} answered {}", view.text("upstream.name"),
                       view.number("upstream.status_code"));
  }
  if (view.operation == nullptr) return {};
  return std::visit([](const auto& kind) { return kind.answered(); }, view.operation->target);
}

// The text of a gate that passed the request.
std::string passed_text(const EventView& view, Gate gate) {
  switch (gate) {
    case Gate::tls:
      return view.has("client.address") ? fmt::format("from {}", view.text("client.address")) : std::string();
    case Gate::http: return fmt::format("a well-formed {}", view.text("http.request.method"));
    case Gate::route: return route_text(view);
    case Gate::limit_address:
    case Gate::limit_principal:
    case Gate::limit_request: return limits_text(view, gate);
    case Gate::authenticate: return caller_text(view);
    case Gate::permit: return view.operation != nullptr ? view.operation->permission : std::string();
    case Gate::validate:
      return fmt::format("matches {}, {} bytes of body", view.text("operation"),
                         view.number("http.request.body.size"));
    case Gate::decide: return conditions_text(view);
    case Gate::call: return call_text(view);
    case Gate::filter: return fmt::format("{} bytes sent", view.number("http.response.body.size"));
    case Gate::record:
      return view.has("sensitive")
                 ? fmt::format("{}: an intent was on the disk before the call", view.text("sensitive"))
                 : "this event";
  }
  return {};
}

// By the rule, where it is one; a condition's own text, where the policy still has it.
void describe_deciding_gate(GateStep& step, const EventView& view, std::optional<Reason> reason) {
  step.text = view.text("reason");
  if (view.has("rule")) step.text += fmt::format(" by {}", view.text("rule"));
  if (reason) step.detail = meaning_of(*reason);
  if (reason == Reason::condition_false || reason == Reason::condition_error) {
    if (const std::string conditions = conditions_text(view); !conditions.empty())
      step.detail += fmt::format(": {}", conditions);
  }
  if (reason == Reason::permission_missing && view.operation != nullptr)
    step.detail += fmt::format(" {}", view.operation->permission);
  if (view.has("url.path")) step.detail += fmt::format(": {}", view.text("url.path"));
  if (view.has("detail"))
    step.detail += fmt::format("{}{}", step.detail.empty() ? "" : "; ", view.text("detail"));
}

// The gate at which a sensitive operation's intent is recorded: where the target asks the conditions itself
// it is the one before the call.
std::size_t gate_of_intent(const EventView& view) {
  const bool asked =
      view.operation != nullptr && view.operation->placement == policy::ConditionPlacement::before_call;
  return std::to_underlying(asked ? Gate::call : Gate::decide);
}

// As far as the event proves that a request came which broke off somewhere.
std::size_t proven(const EventView& view) {
  if (view.text("event.name") == kIntent) return gate_of_intent(view);
  if (view.has("user.id")) return std::to_underlying(Gate::limit_principal);
  if (view.has("operation")) return std::to_underlying(Gate::limit_address);
  return std::to_underlying(view.has("http.request.method") ? Gate::route : Gate::http);
}

}  // namespace

std::string_view name(Decision decision) {
  constexpr std::string_view kNames[] = {"passed", "ended", "not asked", "not known"};
  return kNames[std::to_underlying(decision)];
}

std::vector<GateStep> gates_of(json::Value event, const policy::PolicySet* policy) {
  const EventView view(event, policy);
  const auto reason = reason_named(view.text("reason"));
  const bool allowed = view.text("outcome") == "allowed";
  std::optional<Gate> gate;
  if (!allowed && reason) gate = gate_of(view, *reason);
  const bool lists_methods =
      allowed && !view.has("operation") && view.text("http.request.method") == "OPTIONS";
  if (lists_methods) gate = Gate::route;
  // Where no event can be kept, no request is begun, and a sensitive operation is not done.
  const std::size_t begun = view.has("operation") ? gate_of_intent(view) : std::to_underlying(Gate::route);

  std::vector<GateStep> steps(kGateCount);
  for (std::size_t i = 0; i < kGateCount; ++i) {
    GateStep& step = steps[i];
    step.gate = kGates[i];
    const std::size_t reached = gate == Gate::record ? begun
                                : gate               ? std::to_underlying(*gate)
                                : allowed            ? kGateCount
                                                     : proven(view);
    if (i < reached) {
      step.decision = Decision::passed;
      step.text = passed_text(view, static_cast<Gate>(i));
    } else if (gate && i == std::to_underlying(*gate)) {
      step.decision = Decision::ended;
      describe_deciding_gate(step, view, reason);
      if (lists_methods) step.text = "Gatehouse answered with the methods of the path";
    } else if (gate == Gate::route && i == std::to_underlying(Gate::limit_address)) {
      // A path that no operation answers is not free: the limits by address count it, and did not refuse.
      step.decision = Decision::passed;
      step.text = unmatched_limits_text(view);
    } else {
      step.decision = gate ? Decision::not_asked : Decision::not_known;
    }
  }
  // That the request ended is recorded in any case: the line at hand shows it.
  if (steps.back().decision != Decision::ended) {
    steps.back().decision = Decision::passed;
    steps.back().text = passed_text(view, Gate::record);
  }
  return steps;
}

}  // namespace gatehouse::app
