#include <algorithm>
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/decision_path.h"
#include "app/event_store.h"
#include "app/event_table.h"
#include "app/gate_table.h"
#include "app/load_policy.h"
#include "app/reason_text.h"
#include "audit/event_fields.h"
#include "audit/query.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "core/event.h"
#include "json/parser.h"
#include "json/writer.h"
#include "policy/load.h"

namespace gatehouse::app {
namespace {

struct WhyOptions {
  std::string config = "gatehouse.yaml";
  std::string id;
  bool json = false;
};

// Where the configuration does not load, the account does without it.
std::shared_ptr<const policy::PolicySet> policy_of(const std::string& config) {
  Problems problems;
  return policy::load(config, load_options(), problems);
}

std::string time_text(WallTime time) {
  return fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::milliseconds>(time));
}

bool is_intent(std::string_view line) {
  json::Parser parser;
  json::Document event;
  return parser.parse(line, event) && event.root().find_string(audit::FieldName("event.name")) == kIntent;
}

// ---- for people ----

// Names that a document may have forgotten to declare.
void print_dropped(json::Value event) {
  const auto dropped = event.find(audit::FieldName("http.request.dropped"));
  if (!dropped || !dropped->is_array()) return;
  std::string names;
  for (const json::Value one : dropped->elements()) {
    if (!one.is_string()) continue;
    names += names.empty() ? "" : ", ";
    names += printable(one.string());
  }
  fmt::print(
      "\nNot forwarded to the upstream, because neither the operation nor `fields` names it, or because its "
      "value cannot be read: {}\n",
      names);
}

// The effect of a sensitive operation, if its outcome does not state it.
std::string_view effect_text(std::string_view effect) {
  if (effect == "none")
    return "Nothing was done: the target was not called, or its transaction was rolled back.";
  if (effect == "unknown") return "The effect of the target's call is unknown.";
  return {};
}

void print_event(json::Value event, const policy::PolicySet* policy) {
  const Screen screen = Screen::standard_output();
  const auto text = [&](audit::FieldName member) {
    return printable(event.find_string(member).value_or(std::string_view()));
  };
  const auto number = [&](audit::FieldName member) {
    const auto value = event.find(member);
    return value && value->is_number() ? std::string(value->literal()) : std::string("no answer");
  };
  const bool intent = text("event.name") == kIntent;
  const std::string outcome = intent ? std::string("recorded before the call") : text("outcome");
  fmt::print("{} {}: {}", text("event.name"), text("request.id"),
             painted(outcome, paint_of(outcome), screen));
  if (outcome != "allowed" && !intent) fmt::print(" at {}", text("stage"));
  fmt::print(", {}\n", number("http.response.status_code"));
  fmt::print("{} from {}, {} ms, trace {}\n\n", text("time"), text("client.address"), number("duration_ms"),
             text("trace.id"));

  // An allowed request may have a reason too: for an incomplete answer.
  const std::vector<GateStep> steps = gates_of(event, policy);
  const bool told = intent || (outcome == "allowed" && text("reason").empty()) ||
                    std::ranges::find(steps, Decision::ended, &GateStep::decision) != steps.end();
  fmt::print("{}", gate_table(steps, outcome, screen));
  if (const std::string_view effect = effect_text(text("effect")); !effect.empty())
    fmt::print("\n{}\n", effect);
  print_dropped(event);
  if (told) return;
  // No gate ended it.
  const auto reason = reason_named(text("reason"));
  fmt::print("\n{}: {}\n", text("reason"), reason ? meaning_of(*reason) : std::string_view());
  if (const std::string detail = text("detail"); !detail.empty()) fmt::print("{}\n", detail);
}

// Line by line: another server's text must not control the terminal.
void print_lines(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    fmt::print("  {}\n", printable(line));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void print_original(const audit::Original& original) {
  fmt::print("\nThe upstream's answer, which was withheld from the caller: {} at {}\n", original.status,
             time_text(original.time));
  print_lines(original.head);
  fmt::print("\n");
  print_lines(original.body);
}

// ---- for programs ----

std::string json_of(const audit::Explanation& explanation, const policy::PolicySet* policy) {
  json::Document document;
  json::Builder out(document);
  const auto text = [&](std::string_view member, std::string_view value) {
    out.key(member);
    out.string(value);
  };
  json::Parser parser;
  out.begin_object();
  out.key("requests");
  out.begin_array();
  for (const std::string& line : explanation.lines) {
    json::Document event;
    if (!parser.parse(line, event)) continue;
    out.begin_object();
    out.key("event");
    out.copy(event.root());
    out.key("gates");
    write_gates(out, gates_of(event.root(), policy));
    out.end_object();
  }
  out.end_array();
  out.key("originals");
  out.begin_array();
  for (const audit::Original& original : explanation.originals) {
    out.begin_object();
    text("time", time_text(original.time));
    out.key("status");
    out.number(static_cast<std::int64_t>(original.status));
    text("head", original.head);
    text("body", original.body);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return json::to_text(document.root());
}

int run(const WhyOptions& words) {
  if (!Uuid::parse(words.id)) {
    wrong_usage("CORRELATION_ID", fmt::format("`{}` is not a correlation id; an answer has it in "
                                              "correlation_id and X-Request-Id, 36 characters",
                                              printable(words.id)));
  }
  auto store = open_event_store(words.config);
  if (!store) return fail("why", store.error().text);
  const auto explanation = audit::explain(store->connection, words.id);
  if (!explanation && explanation.error().code == ErrorCode::not_found) {
    return fail("why", fmt::format("{} has no request {}; its event may have been deleted (keep_events, "
                                   "keep_size), or be in another server's store",
                                   store->path, words.id));
  }
  if (!explanation) return fail("why", explanation.error().text);
  const auto policy = policy_of(words.config);
  if (words.json) {
    // Still JSON: escaped characters are in strings, as JSON escapes them.
    fmt::print("{}\n", printable(json_of(*explanation, policy.get())));
    return 0;
  }
  json::Parser parser;
  json::Document event;
  bool ended = false;
  for (const std::string& line : explanation->lines) ended = ended || !is_intent(line);
  for (const std::string& line : explanation->lines) {
    // The request's own event says all that its intent said.
    if (ended && is_intent(line)) continue;
    if (parser.parse(line, event)) print_event(event.root(), policy.get());
  }
  if (!ended && !explanation->lines.empty()) {
    fmt::print("\nIts target may have been called: no event says how the request ended.\n");
  }
  for (const audit::Original& original : explanation->originals) print_original(original);
  if (policy) fmt::print("\nRules are shown as they are in {} now.\n", words.config);
  return 0;
}

}  // namespace

void add_why(CLI::App& program, int& status) {
  Command command(program, "why", "Print the decision of every gate about one recorded request.",
                  "gatehouse why 01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11");
  const auto words = std::make_shared<WhyOptions>();
  command.option("-c,--config", words->config, "The configuration that names the store");
  command.option("id", words->id, "The correlation id, from an answer or from `gatehouse log`",
                 Need::required);
  command.flag("--json", words->json,
               "For programs: an object with the event, the gates, and the upstream's original answer");
  command.run(status, [words] { return run(*words); });
}

}  // namespace gatehouse::app
