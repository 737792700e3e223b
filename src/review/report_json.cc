#include <array>

#include <fmt/format.h>

#include "json/writer.h"
#include "review/report.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PolicySet;

// One line of the report.
class Line {
 public:
  Line() : builder_(document_) { builder_.begin_object(); }

  Line& text(std::string_view key, std::string_view value) {
    builder_.key(key);
    builder_.string(value);
    return *this;
  }
  Line& truth(std::string_view key, bool value) {
    builder_.key(key);
    builder_.boolean(value);
    return *this;
  }
  Line& number(std::string_view key, std::uint64_t value) {
    builder_.key(key);
    builder_.number(static_cast<std::int64_t>(value));
    return *this;
  }
  Line& texts(std::string_view key, const std::vector<std::string>& values) {
    builder_.key(key);
    builder_.begin_array();
    for (const std::string& value : values) builder_.string(value);
    builder_.end_array();
    return *this;
  }
  // For values with a structure of their own.
  json::Builder& under(std::string_view key) {
    builder_.key(key);
    return builder_;
  }
  std::string take() {
    builder_.end_object();
    return json::to_text(document_.root());
  }

 private:
  json::Document document_;
  json::Builder builder_;
};

void write_threat_model(json::Builder& out, const policy::ThreatModel& model) {
  out.begin_object();
  out.key("exposure");
  out.string(name(model.exposure));
  out.key("data");
  out.string(name(model.data));
  out.key("stated");
  out.boolean(model.stated);
  out.end_object();
}

void write_schemes(json::Builder& out, const PolicySet& policy, const Operation& operation) {
  out.begin_array();
  for (const policy::SchemeAlternative& alternative : operation.alternatives) {
    out.begin_object();
    for (const policy::SchemeUse& use : alternative) {
      out.key(policy.authenticators[use.authenticator].name);
      out.begin_array();
      for (const std::string& scope : use.scopes) out.string(scope);
      out.end_array();
    }
    out.end_object();
  }
  out.end_array();
}

void write_limits(json::Builder& out, const Operation& operation) {
  out.begin_array();
  for (const auto* phase :
       {&operation.address_limits, &operation.principal_limits, &operation.input_limits}) {
    for (const policy::LimitUse& use : *phase) {
      out.begin_object();
      out.key("name");
      out.string(use.limit->name);
      out.key("rate");
      out.string(to_text(use.limit->rule.rate));
      out.key("burst");
      out.number(static_cast<std::int64_t>(use.limit->rule.burst));
      out.key("cost");
      out.number(static_cast<std::int64_t>(use.cost));
      out.end_object();
    }
  }
  out.end_array();
}

std::vector<std::string> condition_texts(const Operation& operation) {
  std::vector<std::string> texts;
  for (const policy::Condition& condition : operation.conditions) texts.push_back(condition.program.text());
  return texts;
}

std::string line_of(const Report& report, const Operation& operation) {
  const PolicySet& policy = *report.policy;
  Line line;
  line.text("operation", operation.name).text("method", operation.method).text("route", operation.route);
  write_threat_model(line.under("threat_model"), operation.threat_model);
  line.truth("public", operation.admits_anonymous);
  if (operation.admits_anonymous) line.text("public_because", operation.settings->open->value);
  write_schemes(line.under("schemes"), policy, operation);
  line.text("permission", operation.permission).texts("held_by", holders(policy, operation.permission));
  if (operation.resource)
    line.text("object", operation.resource->statement() != nullptr ? "sql" : "upstream");
  line.texts("conditions", condition_texts(operation));
  if (!operation.conditions.empty()) line.text("conditions_asked", policy::name(operation.placement));
  line.text("input", describe(policy, operation, Layer::schema));
  write_limits(line.under("limits"), operation);
  if (operation.concurrency != 0) line.number("concurrency", operation.concurrency);
  line.truth("durable_event", !operation.sensitive.empty());
  line.text("target", describe(policy, operation, Layer::target));
  json::Builder& worst = line.under("weak");
  worst.begin_object();
  for (std::size_t i = 0; i < std::size(kLayers); ++i) {
    const auto& severity = report.worst[operation.index][i];
    if (!severity) continue;
    worst.key(name(kLayers[i]));
    worst.string(name(*severity));
  }
  worst.end_object();
  return line.take();
}

std::string line_of(const Finding& finding) {
  std::vector<std::string> operations;
  for (const Operation* operation : finding.operations) operations.push_back(operation->name);
  Line line;
  line.text("rule", finding.rule->id)
      .text("severity", name(finding.severity))
      .text("layer", name(finding.rule->layer));
  line.texts("operations", operations).text("file", finding.place.file);
  line.number("line", finding.place.line).number("column", finding.place.column);
  line.text("what", finding.what);
  if (finding.accepted != nullptr) line.text("accepted_because", finding.accepted->reason);
  return line.take();
}

template <typename List, typename LineOf>
std::string array_of(const List& list, LineOf line) {
  std::string out = "[";
  for (const auto& element : list) out += (out.size() > 1 ? ",\n  " : "\n  ") + line(element);
  return out + "\n ]";
}

}  // namespace

std::string as_json(const Report& report) {
  Line head;
  head.text("configuration", report.configuration);
  write_threat_model(head.under("threat_model"), report.policy->settings.threat_model);
  for (const Severity severity : {Severity::high, Severity::medium, Severity::low}) {
    head.number(name(severity), report.count(severity));
  }
  std::string out = head.take();
  out.pop_back();  // its brace
  out += ",\n \"operations\": ";
  out += array_of(report.policy->operations,
                  [&](const Operation& operation) { return line_of(report, operation); });
  out += ",\n \"findings\": ";
  out += array_of(report.findings, [](const Finding& finding) { return line_of(finding); });
  out += ",\n \"accepted\": ";
  out += array_of(report.accepted, [](const Finding& finding) { return line_of(finding); });
  return out + "\n}\n";
}

}  // namespace gatehouse::review
