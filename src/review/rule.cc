#include "review/rule.h"

#include <algorithm>

#include "base/ip.h"

namespace gatehouse::review {
namespace {

Severity milder(Severity severity, int steps) {
  return static_cast<Severity>(std::max(0, static_cast<int>(severity) - steps));
}

Severity weighed(const Rule& rule, const policy::ThreatModel& model) {
  switch (rule.weighs) {
    case Weighs::nothing: return rule.severity;
    case Weighs::exposure: return milder(rule.severity, model.exposure == policy::Exposure::internal ? 1 : 0);
    case Weighs::data:
      return milder(rule.severity, model.data == policy::DataClass::sensitive  ? 0
                                   : model.data == policy::DataClass::internal ? 1
                                                                               : 2);
  }
  return rule.severity;
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::low: return "low";
    case Severity::medium: return "medium";
    case Severity::high: return "high";
  }
  return {};
}

std::string_view name(Layer layer) {
  switch (layer) {
    case Layer::transport: return "transport";
    case Layer::authentication: return "authentication";
    case Layer::authorisation: return "authorisation";
    case Layer::schema: return "schema";
    case Layer::limits: return "limits";
    case Layer::events: return "events";
    case Layer::target: return "target";
    case Layer::review: return "review";
  }
  return {};
}

Place Findings::place_of(const policy::Operation& operation) {
  return operation.settings != nullptr ? operation.settings->place : operation.api->place;
}

void Findings::add(const policy::Operation& operation, const Place& place, std::string what) {
  list_.push_back({rule_, weighed(*rule_, operation.threat_model), {&operation}, place, std::move(what)});
}

void Findings::add(std::vector<const policy::Operation*> operations, const Place& place, std::string what) {
  Severity severity = Severity::low;
  for (const policy::Operation* operation : operations) {
    severity = std::max(severity, weighed(*rule_, operation->threat_model));
  }
  list_.push_back({rule_, severity, std::move(operations), place, std::move(what)});
}

void Findings::whole(const Place& place, std::string what) {
  list_.push_back({rule_, weighed(*rule_, policy_->settings.threat_model), {}, place, std::move(what)});
}

std::vector<const Rule*> rules() {
  std::vector<const Rule*> all;
  for (const auto part : {transport_rules(), authentication_rules(), authorisation_rules(), schema_rules(),
                          limit_rules(), event_rules(), target_rules(), review_rules()}) {
    for (const Rule& rule : part) all.push_back(&rule);
  }
  return all;
}

bool is_safe(const policy::Operation& operation) {
  return operation.method == "GET" || operation.method == "HEAD" || operation.method == "OPTIONS" ||
         operation.method == "TRACE" || operation.method == "QUERY";
}

std::vector<std::string> holders(const policy::PolicySet& policy, std::string_view permission) {
  std::vector<std::string> roles;
  for (const auto& [role, patterns] : policy.settings.roles) {
    const bool holds = std::any_of(patterns.begin(), patterns.end(), [&](const policy::PlacedText& pattern) {
      return policy::grants(pattern.value, permission);
    });
    if (holds) roles.push_back(role);
  }
  return roles;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const auto address = IpAddress::parse(host);
  return address && address->is_loopback();
}

}  // namespace gatehouse::review
