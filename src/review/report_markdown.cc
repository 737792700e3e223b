#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/utf8.h"
#include "review/report.h"

namespace gatehouse::review {
namespace {

using policy::Operation;

// A cell of a table: no line ends, no column ends, and nothing that Markdown, HTML or a terminal would take
// for its own.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '|':
      case '*':
      case '_':
      case '[':
      case ']':
      case '\\': out += '\\'; break;
      case '<': out += "&lt;"; continue;
      case '&': out += "&amp;"; continue;
      default: break;
    }
    out += c;
  }
  return out;
}

std::string row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string shown(const Place& place) {
  return place.line == 0 ? place.file : fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string names(const std::vector<const Operation*>& operations) {
  std::vector<std::string> list;
  for (const Operation* operation : operations) list.push_back(cell(operation->name));
  return list.empty() ? "the configuration" : fmt::format("{}", fmt::join(list, ", "));
}

std::string marked(const Report& report, const Operation& operation, Layer layer) {
  const auto& worst = report.worst[operation.index][static_cast<std::size_t>(layer)];
  const std::string text = cell(describe(*report.policy, operation, layer));
  return worst ? fmt::format("{} **{}**", text, name(*worst)) : text;
}

std::string_view weighs(Weighs by) {
  switch (by) {
    case Weighs::nothing: return "";
    case Weighs::exposure: return ", one step milder where exposure is `internal`";
    case Weighs::data: return ", one step milder where data is `internal`, two where it is `public`";
  }
  return "";
}

}  // namespace

std::string as_markdown(const Report& report) {
  const policy::ThreatModel& model = report.policy->settings.threat_model;
  std::string out = fmt::format("# Review of {}\n\n", cell(report.configuration));
  out += fmt::format(
      "{} operations, measured as exposure {} and data {}{}: {} high, {} medium, {} low.\n\n## "
      "Operations\n\n",
      report.policy->operations.size(), name(model.exposure), name(model.data),
      model.stated ? "" : " (not stated)", report.count(Severity::high), report.count(Severity::medium),
      report.count(Severity::low));
  out +=
      row({"operation", "route", "authentication", "authorisation", "schema", "limits", "events", "target"});
  out += "|---|---|---|---|---|---|---|---|\n";
  for (const Operation& operation : report.policy->operations) {
    std::vector<std::string> cells{cell(operation.name), cell(operation.method + " " + operation.route)};
    for (const Layer layer : kLayers) {
      if (layer != Layer::transport) cells.push_back(marked(report, operation, layer));
    }
    out += row(cells);
  }
  const bool any_public = std::ranges::any_of(report.policy->operations, &Operation::admits_anonymous);
  if (any_public) {
    out += "\n## Public operations\n\n| operation | reason |\n|---|---|\n";
    for (const Operation& operation : report.policy->operations) {
      if (operation.admits_anonymous)
        out += row({cell(operation.name), cell(operation.settings->open->value)});
    }
  }
  out += "\n## Weaknesses\n";
  if (report.findings.empty()) out += "\nNo rule has a finding.\n";
  const Finding* before = nullptr;
  for (const Finding& finding : report.findings) {
    if (before == nullptr || before->rule != finding.rule || before->severity != finding.severity) {
      const Rule& rule = *finding.rule;
      out += fmt::format(
          "\n### {}: {}\n\n`{}`. {} **Remedy:** {}\n\n| where | operations | finding |\n|---|---|---|\n",
          name(finding.severity), rule.title, rule.id, rule.why, rule.remedy);
    }
    out += row({cell(shown(finding.place)), names(finding.operations), cell(finding.what)});
    before = &finding;
  }
  if (!report.accepted.empty()) {
    out += "\n## Accepted findings\n\n| rule | operation | finding | reason |\n|---|---|---|---|\n";
    for (const Finding& finding : report.accepted) {
      out += row({fmt::format("{}, {}", cell(finding.rule->id), name(finding.severity)),
                  names(finding.operations), cell(finding.what), cell(finding.accepted->reason)});
    }
  }
  return out;
}

std::string rules_as_markdown() {
  std::string out;
  std::string_view layer;
  for (const Rule* rule : rules()) {
    if (layer != name(rule->layer)) {
      layer = name(rule->layer);
      out += fmt::format("## {}{}\n\n", static_cast<char>(layer[0] - 'a' + 'A'), layer.substr(1));
    }
    out += fmt::format("### `{}`: {}\n\n{}{}. {}\n\n**Remedy:** {}\n\n", rule->id, rule->title,
                       name(rule->severity), weighs(rule->weighs), rule->why, rule->remedy);
  }
  out.pop_back();
  return out;
}

}  // namespace gatehouse::review
