#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/decision_path.h"
#include "app/gate_table.h"
#include "app/listening.h"
#include "app/load_policy.h"
#include "app/reason_text.h"
#include "base/entropy.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "doc/reader.h"
#include "json/parser.h"
#include "json/writer.h"
#include "trial/ask.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kLargestBody = std::size_t{64} << 20U;

struct ExplainOptions {
  std::string what;
  std::string config = "gatehouse.yaml";
  std::vector<std::string> roles, scopes, fields;
  std::string id, tenant, scheme, from = "127.0.0.1", body, type = "application/json";
  bool json = false;
};

// `--as` alone says that there is a caller; so does everything else that a caller has.
bool has_caller(const ExplainOptions& words) {
  return !words.roles.empty() || !words.scopes.empty() || !words.id.empty() || !words.tenant.empty() ||
         !words.scheme.empty();
}

trial::Question question_of(const ExplainOptions& words) {
  trial::Question question;
  const auto space = words.what.find(' ');
  const std::string_view method = std::string_view(words.what).substr(0, space);
  if (space != std::string::npos &&
      std::ranges::all_of(method, [](char c) { return c >= 'a' && c <= 'z'; })) {
    std::string capitals(method);
    std::ranges::transform(capitals, capitals.begin(),
                           [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    wrong_usage("QUESTION", fmt::format("methods are written in capitals: \"{}{}\"", capitals,
                                        printable(std::string_view(words.what).substr(space))));
  }
  if (space == std::string::npos) {
    std::vector<std::string> reasons;
    for (const ReasonFacts& facts : every_reason()) reasons.emplace_back(facts.name);
    const std::string_view near = doc::nearest(words.what, reasons);
    wrong_usage("QUESTION",
                fmt::format("`{}` is neither a reason nor a request such as \"GET /orders/7\"{}",
                            printable(words.what),
                            near.empty() ? std::string() : fmt::format("; did you mean `{}`?", near)));
  }
  question.method = words.what.substr(0, space);
  question.target = words.what.substr(space + 1);
  for (const std::string& field : words.fields) {
    const auto colon = field.find(':');
    if (colon == std::string::npos) wrong_usage("--header", "a header field is written as \"Name: value\"");
    question.fields.emplace_back(field.substr(0, colon), trimmed(std::string_view(field).substr(colon + 1)));
  }
  const auto address = IpAddress::parse(words.from);
  if (!address) wrong_usage("--from", fmt::format("`{}` is not an IP address", printable(words.from)));
  question.client = *address;
  if (has_caller(words)) {
    question.caller = trial::AssumedCaller{.id = words.id,
                                           .scheme = words.scheme,
                                           .roles = words.roles,
                                           .scopes = words.scopes,
                                           .tenant = words.tenant};
    std::erase(question.caller->roles, "authenticated");  // every caller is
  }
  return question;
}

// The gates as in an event, but nothing behind them is called, and no event is left.
std::vector<GateStep> steps_of(json::Value event, const policy::PolicySet& policy, bool admitted) {
  std::vector<GateStep> steps = gates_of(event, &policy);
  const auto first = std::ranges::find(steps, admitted ? "decide" : "record", &GateStep::gate);
  for (auto step = first; step != steps.end(); ++step) {
    step->decision = Decision::not_asked;
    if (step->gate != "decide") step->text.clear();
  }
  return steps;
}

void print_json(std::string_view outcome, std::string_view reason, std::span<const GateStep> steps) {
  json::Document document;
  json::Builder out(document);
  out.begin_object();
  out.key("outcome");
  out.string(outcome);
  out.key("reason");
  out.string(reason);
  out.key("gates");
  write_gates(out, steps);
  out.end_object();
  fmt::print("{}\n", printable(json::to_text(document.root())));
}

// As server/health.h has it: the listener answers, and asks no gate.
bool asks_for_health(const policy::Listen& listen, const trial::Question& question) {
  return (question.method == "GET" || question.method == "HEAD") && question.body.empty() &&
         !listen.health.value.empty() && question.target == listen.health.value;
}

// As gate/respond.h has it: the methods of the path are the answer.
bool asks_for_methods(const trial::Question& question, const trial::Reply& reply) {
  return question.method == "OPTIONS" && reply.refusal && reply.refusal->reason == Reason::method_not_allowed;
}

int print_answered(const ExplainOptions& words, std::string_view by) {
  if (words.json) {
    print_json("answered", "", {});
  } else {
    fmt::print("{}: answered {}\n", printable(words.what), by);
  }
  return 0;
}

int print_reply(const ExplainOptions& words, const policy::PolicySet& policy, const trial::Reply& reply) {
  json::Document event;
  if (!json::Parser().parse(reply.event, event)) return fail("explain", "the event is not JSON");
  const std::vector<GateStep> steps = steps_of(event.root(), policy, !reply.refusal);
  const std::string_view outcome = reply.refusal ? "refused" : "admitted";
  if (words.json) {
    print_json(outcome, reply.refusal ? facts_of(reply.refusal->reason).name : std::string_view(), steps);
    return 0;
  }
  fmt::print("{}: {}", printable(words.what), outcome);
  if (reply.refusal) {
    const auto status = event.root().find("http.response.status_code");
    fmt::print(", {} {}", status && status->is_number() ? status->literal() : "no answer",
               facts_of(reply.refusal->reason).name);
  } else {
    fmt::print(", without the checks of the object and the target");
  }
  fmt::print("\n\n{}", gate_table(steps, outcome, Screen::standard_output()));
  return 0;
}

int run(const ExplainOptions& words) {
  if (const auto reason = reason_named(words.what)) {
    fmt::print("{}: {}\n", words.what, meaning_of(*reason));
    return 0;
  }
  trial::Question question = question_of(words);
  if (!words.body.empty()) {
    auto body = read_file(words.body, kLargestBody);
    if (!body) return fail("explain", fmt::format("{}: {}", printable(words.body), body.error().text));
    question.body = *std::move(body);
    question.type = words.type;
  }
  const auto policy = load_policy(words.config, "nothing was explained");
  if (!policy) return 1;
  if (asks_for_health(policy->settings.listen, question))
    return print_answered(words, "by listen.health, before any gate");
  auto served = names_of(policy->settings);
  if (!served) return fail("explain", served.error().text);
  const SystemClock clock;
  SystemEntropy entropy;
  const auto reply = trial::ask(policy, question, *std::move(served), clock, entropy);
  if (!reply) return fail("explain", reply.error().text);
  if (asks_for_methods(question, *reply)) return print_answered(words, "with the methods of the path");
  return print_reply(words, *policy, *reply);
}

}  // namespace

void add_explain(CLI::App& program, int& status) {
  Command command(program, "explain",
                  "Explain a reason, or print the decision of each gate about a request without sending it.",
                  "gatehouse explain \"GET /orders/7\" --as clerk");
  const auto words = std::make_shared<ExplainOptions>();
  command.option("question", words->what, "A reason, or a method and a path or URL", Need::required);
  command.option("-c,--config", words->config, "The configuration");
  command.option("--as", words->roles,
                 "A role of the caller, or `authenticated`; without any, the request has no credential");
  command.option("--scope", words->scopes, "A scope of the caller's credential");
  command.option("--id", words->id, "The caller's id, without the authenticator's prefix");
  command.option("--tenant", words->tenant, "The caller's tenant");
  command.option("--by", words->scheme, "The authenticator that proves the caller");
  command.option("--from", words->from, "The address that the request comes from");
  command.option("--header", words->fields, "A header field, \"Name: value\"");
  command.option("--body", words->body, "A file with the body");
  command.option("--type", words->type, "The media type of the body");
  command.flag("--json", words->json, "For programs");
  command.run(status, [words] { return run(*words); });
}

}  // namespace gatehouse::app
