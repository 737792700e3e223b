#include "app/account.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/reason_text.h"
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
  wall,
  record,
};
constexpr std::string_view kGates[] = {"tls",   "http",   "route",    "limit", "authenticate",
                                       "limit", "permit", "validate", "limit", "decide",
                                       "call",  "wall",   "record"};
constexpr std::size_t kGateCount = std::size(kGates);

// The members of an event, and the operation that it was, as the policy has it now.
struct Told {
  json::Value event;
  const policy::PolicySet* policy = nullptr;
  const policy::Operation* operation = nullptr;

  Told(json::Value of, const policy::PolicySet* now) : event(of), policy(now) {
    if (policy != nullptr && has("operation")) operation = policy->find(text("operation"));
  }
  std::string_view text(std::string_view member) const {
    return event.find_string(member).value_or(std::string_view());
  }
  bool has(std::string_view member) const { return !text(member).empty(); }
  std::uint64_t number(std::string_view member) const {
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
Gate gate_of_limit(const Told& told) {
  if (const policy::Limit* limit = told.limit(told.text("rule")); limit != nullptr && told.has("operation")) {
    switch (limit->phase) {
      case policy::Limit::Phase::address: return Gate::limit_address;
      case policy::Limit::Phase::principal: return Gate::limit_principal;
      case policy::Limit::Phase::input: return Gate::limit_request;
    }
  }
  return told.has("user.id") ? Gate::limit_principal : Gate::limit_address;
}

// The gate that ended the request; nothing for a request that broke off somewhere.
std::optional<Gate> gate_of(const Told& told, Reason reason) {
  switch (reason) {
    case Reason::too_many_at_once: return Gate::limit_request;
    case Reason::scope_missing:  // the caller was proven, and has paid
    case Reason::permission_missing: return Gate::permit;
    case Reason::upstream_error:
    case Reason::upstream_refusal: return Gate::wall;
    case Reason::record_unavailable: return Gate::record;
    case Reason::condition_error:
      if (told.limit(told.text("rule")) != nullptr) return Gate::limit_request;
      break;
    default: break;
  }
  switch (facts_of(reason).stage) {
    case Stage::transport: return Gate::tls;
    case Stage::http: return Gate::http;
    case Stage::route: return Gate::route;
    case Stage::limit: return gate_of_limit(told);
    case Stage::authenticate: return Gate::authenticate;
    case Stage::authorise: return Gate::decide;
    case Stage::validate: return Gate::validate;
    // The object's attributes are asked for before the conditions; what a whole answer says is the wall's to
    // judge.
    case Stage::call:
      if (told.text("rule").ends_with(".resource")) return Gate::decide;
      return told.number("upstream.status_code") >= 400 ? Gate::wall : Gate::call;
    case Stage::respond: return std::nullopt;
  }
  return std::nullopt;
}

std::string limits_text(const Told& told, Gate gate) {
  if (told.operation == nullptr) return "no more requests than its limits allow";
  const std::vector<policy::LimitUse>& uses = gate == Gate::limit_address ? told.operation->address_limits
                                              : gate == Gate::limit_principal
                                                  ? told.operation->principal_limits
                                                  : told.operation->input_limits;
  std::vector<std::string> texts;
  for (const policy::LimitUse& use : uses) {
    const auto settings = told.policy->settings.limits.find(use.limit->name);
    texts.push_back(settings == told.policy->settings.limits.end()
                        ? use.limit->name
                        : fmt::format("{} ({})", use.limit->name, to_text(settings->second.rate)));
  }
  if (gate == Gate::limit_request && told.operation->concurrency != 0) {
    texts.push_back(fmt::format("{} at once", told.operation->concurrency));
  }
  return texts.empty() ? std::string("none here") : fmt::format("within {}", fmt::join(texts, ", "));
}

std::string route_text(const Told& told) {
  std::string text = fmt::format("{} {} is {}", told.text("http.request.method"), told.text("http.route"),
                                 told.text("operation"));
  if (const auto resource = told.event.find("resource"); resource && resource->is_object()) {
    for (const json::Member member : resource->members()) {
      if (member.value.is_string()) text += fmt::format(", {}={}", member.key(), member.value.string());
    }
  }
  return text;
}

std::string caller_text(const Told& told) {
  if (!told.has("auth.scheme")) {
    const bool open =
        told.operation != nullptr && told.operation->settings != nullptr && told.operation->settings->open;
    return open ? fmt::format("anonymous: the operation is public, because \"{}\"",
                              told.operation->settings->open->value)
                : "anonymous";
  }
  std::string text = fmt::format("{} by {}", told.text("user.id"), told.text("auth.scheme"));
  if (told.has("auth.issuer")) text += fmt::format(" of {}", told.text("auth.issuer"));
  if (told.has("auth.credential.id")) text += fmt::format(", credential {}", told.text("auth.credential.id"));
  if (const auto also = told.event.find("auth.also"); also && also->is_array()) {
    for (const json::Value one : also->elements()) {
      text += fmt::format("; and {} by {}", one.find_string("user.id").value_or("somebody"),
                          one.find_string("auth.scheme").value_or("something"));
    }
  }
  return text;
}

std::string conditions_text(const Told& told) {
  if (told.operation == nullptr || told.operation->settings == nullptr) return {};
  std::vector<std::string_view> texts;
  for (const policy::PlacedText& condition : told.operation->settings->conditions)
    texts.emplace_back(condition.value);
  if (!texts.empty()) return fmt::format("{}", fmt::join(texts, "; "));
  return told.operation->resource ? "the object is there" : "no condition";
}

std::string call_text(const Told& told) {
  if (told.has("upstream.name")) {
    return fmt::format("the upstream {} answered {}", told.text("upstream.name"),
                       told.number("upstream.status_code"));
  }
  if (told.operation == nullptr) return {};
  switch (told.operation->target) {
    case policy::TargetKind::upstream: return {};
    case policy::TargetKind::sql: return "the statement ran";
    case policy::TargetKind::handler: return fmt::format("the handler {} ran", told.operation->handler.name);
  }
  return {};
}

// What a gate that let the request pass has to say.
std::string passed_text(const Told& told, Gate gate) {
  switch (gate) {
    case Gate::tls:
      return told.has("client.address") ? fmt::format("from {}", told.text("client.address")) : std::string();
    case Gate::http: return fmt::format("a well-formed {}", told.text("http.request.method"));
    case Gate::route: return route_text(told);
    case Gate::limit_address:
    case Gate::limit_principal:
    case Gate::limit_request: return limits_text(told, gate);
    case Gate::authenticate: return caller_text(told);
    case Gate::permit: return told.operation != nullptr ? told.operation->permission : std::string();
    case Gate::validate:
      return fmt::format("what {} declares, {} bytes of body", told.text("operation"),
                         told.number("http.request.body.size"));
    case Gate::decide: return conditions_text(told);
    case Gate::call: return call_text(told);
    case Gate::wall: return fmt::format("{} bytes left", told.number("http.response.body.size"));
    case Gate::record:
      return told.has("sensitive")
                 ? fmt::format("{}: an intent was on the disk before the call", told.text("sensitive"))
                 : "this event";
  }
  return {};
}

// By the rule, where it is one; a condition's own text, where the policy still has it.
void tell_ending(GateStep& step, const Told& told, std::optional<Reason> reason) {
  step.text = told.text("reason");
  if (told.has("rule")) step.text += fmt::format(" by {}", told.text("rule"));
  if (reason) step.detail = meaning_of(*reason);
  if (reason == Reason::condition_false || reason == Reason::condition_error) {
    if (const std::string conditions = conditions_text(told); !conditions.empty())
      step.detail += fmt::format(": {}", conditions);
  }
  if (reason == Reason::permission_missing && told.operation != nullptr)
    step.detail += fmt::format(" {}", told.operation->permission);
  if (told.has("detail"))
    step.detail += fmt::format("{}{}", step.detail.empty() ? "" : "; ", told.text("detail"));
}

// The gate at which a sensitive operation's intent is recorded: where the target asks the conditions itself
// it is the one before the call.
std::size_t gate_of_intent(const Told& told) {
  const bool asked = told.operation != nullptr && told.operation->way == policy::ConditionWay::before_call;
  return std::to_underlying(asked ? Gate::call : Gate::decide);
}

// As far as the event proves that a request came which broke off somewhere.
std::size_t proven(const Told& told) {
  if (told.text("event.name") == kIntent) return gate_of_intent(told);
  if (told.has("user.id")) return std::to_underlying(Gate::limit_principal);
  if (told.has("operation")) return std::to_underlying(Gate::limit_address);
  return std::to_underlying(told.has("http.request.method") ? Gate::route : Gate::http);
}

}  // namespace

std::string_view name(Decision decision) {
  constexpr std::string_view kNames[] = {"passed", "ended", "not asked", "not known"};
  return kNames[std::to_underlying(decision)];
}

std::vector<GateStep> gates_of(json::Value event, const policy::PolicySet* policy) {
  const Told told(event, policy);
  const auto reason = reason_named(told.text("reason"));
  const bool allowed = told.text("outcome") == "allowed";
  std::optional<Gate> gate;
  if (!allowed && reason) gate = gate_of(told, *reason);
  // Where no event can be kept, no request is begun, and a sensitive operation is not done.
  const std::size_t begun = told.has("operation") ? gate_of_intent(told) : std::to_underlying(Gate::route);

  std::vector<GateStep> steps(kGateCount);
  for (std::size_t i = 0; i < kGateCount; ++i) {
    GateStep& step = steps[i];
    step.gate = kGates[i];
    const std::size_t reached = gate == Gate::record ? begun
                                : gate               ? std::to_underlying(*gate)
                                : allowed            ? kGateCount
                                                     : proven(told);
    if (i < reached) {
      step.decision = Decision::passed;
      step.text = passed_text(told, static_cast<Gate>(i));
    } else if (gate && i == std::to_underlying(*gate)) {
      step.decision = Decision::ended;
      tell_ending(step, told, reason);
    } else {
      step.decision = gate ? Decision::not_asked : Decision::not_known;
    }
  }
  // That the request ended is recorded in any case: the line at hand shows it.
  if (steps.back().decision != Decision::ended) {
    steps.back().decision = Decision::passed;
    steps.back().text = passed_text(told, Gate::record);
  }
  return steps;
}

}  // namespace gatehouse::app
