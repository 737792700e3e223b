#include <memory>
#include <string>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/load_policy.h"
#include "app/served_operations.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "json/writer.h"
#include "policy/fields_of_clients.h"
#include "review/rule.h"

namespace gatehouse::app {
namespace {

struct CheckOptions {
  std::string config = "gatehouse.yaml";
  bool json = false;
};

// Where the same is said with effect.
std::string_view mend_for(std::string_view ignored) {
  if (equal_ignoring_case(ignored, "authorization")) return "use `security` instead";
  if (equal_ignoring_case(ignored, "content-type")) return "use the media types of `requestBody` instead";
  return "use the media types of `responses` instead";
}

// Rules of the review about what no caller can send, although the document may mean it.
bool is_told(std::string_view rule) { return rule == "nullable-idle" || rule == "schema-contradiction"; }

// Parts of the documents without an effect, or that make something impossible: no reason not to start, and
// each place once.
Problems notes_on(const policy::PolicySet& policy) {
  Problems notes;
  for (const openapi::Api& api : policy.apis) {
    for (const openapi::Operation& operation : api.operations) {
      for (const openapi::IgnoredParameter& one : operation.ignored)
        notes.add(
            one.place,
            fmt::format(
                "the header parameter `{}` is ignored, as OpenAPI requires: its schema has no effect; {}",
                one.name, mend_for(one.name)));
    }
  }
  for (const policy::Operation& operation : policy.operations) {
    if (operation.api == nullptr) continue;
    for (const openapi::Response& one : operation.api->responses) {
      if (one.first <= 101 && one.last >= 101)
        notes.add(one.place,
                  fmt::format(
                      "{} declares an answer 101, which no client gets: a request with `Upgrade` is refused, "
                      "because Gatehouse does not support other protocols such as WebSocket on a "
                      "connection; let clients reach it another way, or use server-sent events",
                      operation.name));
    }
    for (const openapi::Parameter& one : operation.api->parameters) {
      if (one.in != openapi::In::header) continue;
      if (policy::is_written_here(one.name)) {
        notes.add(one.place,
                  fmt::format("the header parameter `{}` is checked, and an upstream never receives "
                              "this field as the client sent it; {}",
                              one.name, policy::use_instead_of(one.name)));
      }
      if (operation.forwards.referer != RefererPassage::drop || !equal_ignoring_case(one.name, "referer"))
        continue;
      notes.add(
          one.place,
          fmt::format("the header parameter `{}` is checked and does not go on to an upstream: URLs show "
                      "credentials; write `fields: {{referer: origin}}` or `fields: {{referer: full}}`",
                      one.name));
    }
  }
  const review::Facts facts;
  review::Findings found(policy, facts);
  for (const review::Rule* const rule : review::rules()) {
    if (!is_told(rule->id)) continue;
    found.begin(*rule);
    rule->of_configuration(policy, found);
  }
  for (const review::Finding& one : found.take())
    notes.add(one.place, fmt::format("{}. {}", one.what, one.rule->remedy));
  return notes;
}

// One object: whether it would start, and every problem with its place.
void print_json(const std::shared_ptr<const policy::PolicySet>& policy,
                const std::vector<Problem>& problems) {
  json::Document document;
  json::Builder out(document);
  const auto text = [&](std::string_view key, std::string_view value) {
    out.key(key);
    out.string(value);
  };
  const auto number = [&](std::string_view key, std::size_t value) {
    out.key(key);
    out.number(static_cast<std::int64_t>(value));
  };
  out.begin_object();
  out.key("starts");
  out.boolean(policy != nullptr);
  if (policy) number("operations", policy->operations.size());
  const auto list = [&](std::string_view key, const std::vector<Problem>& all) {
    out.key(key);
    out.begin_array();
    for (const Problem& problem : all) {
      out.begin_object();
      text("file", problem.place.file);
      number("line", problem.place.line);
      number("column", problem.place.column);
      text("what", problem.what);
      out.end_object();
    }
    out.end_array();
  };
  list("problems", problems);
  if (policy) {
    list("notes", notes_on(*policy).sorted());
    write_served(out, *policy);
  }
  out.end_object();
  fmt::print("{}\n", printable(json::to_text(document.root())));
}

int check(const CheckOptions& words) {
  if (words.json) {
    Problems problems;
    const auto policy = load_policy(words.config, problems);
    print_json(policy, problems.sorted());
    return policy ? 0 : 1;
  }
  const auto policy = load_policy(words.config, "Gatehouse would not start");
  if (!policy) return 1;
  fmt::print("{}{}", served_as_text(*policy), notes_on(*policy).text());
  const std::size_t count = policy->operations.size();
  fmt::print("{}: configuration valid: {} operation{}\n", words.config, count, count == 1 ? "" : "s");
  return 0;
}

}  // namespace

void add_check(CLI::App& program, int& status) {
  Command command(program, "check",
                  "Load everything and print every problem, or the operations as they are served.",
                  "gatehouse check -c gatehouse.yaml && systemctl reload gatehouse");
  const auto words = std::make_shared<CheckOptions>();
  command.option("-c,--config", words->config, "The configuration");
  command.flag("--json", words->json, "For programs: one object on standard output");
  command.run(status, [words] { return check(*words); });
}

}  // namespace gatehouse::app
