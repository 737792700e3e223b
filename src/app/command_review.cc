#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/load_policy.h"
#include "app/process_resources.h"
#include "app/table.h"
#include "crypto/certificate.h"
#include "review/report.h"

namespace gatehouse::app {
namespace {

using review::Finding;
using review::Layer;
using review::Report;
using review::Severity;

struct ReviewOptions {
  std::string config = "gatehouse.yaml";
  std::string format = "table";
  std::string fail_on;
  bool json = false;
  bool rules = false;
};

constexpr std::size_t kShown = 8;  // findings of one rule in the table; the other formats have all
constexpr std::size_t kTableWidth = 110;

Paint paint_of_severity(Severity severity) {
  switch (severity) {
    case Severity::high: return Paint::red;
    case Severity::medium: return Paint::yellow;
    case Severity::low: return Paint::faint;
  }
  return Paint::plain;
}

// The text in lines, each behind `indent`; the first behind `label`, which is as wide.
std::string wrapped(std::string_view text, const std::string& label, std::size_t width) {
  std::string out;
  std::string line = label;
  std::size_t fresh = label.size();
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (line.size() > fresh && line.size() + 1 + word.size() > width) {
      out += line + '\n';
      line = std::string(label.size(), ' ');
      fresh = line.size();
    }
    if (line.size() > fresh) line += ' ';
    line += word;
  }
  return out + line + '\n';
}

std::string where(const Place& place) {
  return place.line == 0 ? place.file : fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string whom(const Finding& finding) {
  if (finding.operations.empty()) return "-";
  const std::size_t more = finding.operations.size() - 1;
  return finding.operations.front()->name + (more == 0 ? std::string() : fmt::format(" and {} more", more));
}

void print_operations(const Report& report, const Screen& screen) {
  using Column = gatehouse::app::Column;
  Table table({{"OPERATION", Column::Align::left, Column::Fit::cut},
               {"AUTHENTICATION"},
               {"AUTHORISATION"},
               {"SCHEMA"},
               {"LIMITS", Column::Align::left, Column::Fit::spare},
               {"EVENTS", Column::Align::left, Column::Fit::spare},
               {"TARGET", Column::Align::left, Column::Fit::spare}});
  for (const policy::Operation& operation : report.policy->operations) {
    std::vector<Cell> row{operation.name};
    for (const Layer layer : review::kLayers) {
      if (layer == Layer::transport) continue;
      const auto& worst = report.worst[operation.index][static_cast<std::size_t>(layer)];
      // A mark too, for readers without colour.
      constexpr std::string_view kMarks[] = {"", "! ", "!! "};
      row.emplace_back(std::string(worst ? kMarks[static_cast<std::size_t>(*worst)] : "") +
                           review::describe(*report.policy, operation, layer),
                       worst && *worst != Severity::low ? paint_of_severity(*worst) : Paint::plain);
    }
    table.add(std::move(row));
  }
  fmt::print("{}", table.take(screen));
}

void print_public(const Report& report, const Screen& screen) {
  Table table({{"PUBLIC", Column::Align::left, Column::Fit::whole}, {"BECAUSE"}});
  for (const policy::Operation& operation : report.policy->operations) {
    if (operation.admits_anonymous) table.add({operation.name, operation.settings->open->value});
  }
  if (const std::string text = table.take(screen); !text.empty()) fmt::print("\n{}", text);
}

void print_findings(const Report& report, const Screen& screen) {
  const std::size_t width = screen.width == 0 ? kTableWidth : std::max<std::size_t>(screen.width, 40);
  for (auto first = report.findings.begin(); first != report.findings.end();) {
    const auto last = std::find_if(first, report.findings.end(), [&](const Finding& finding) {
      return finding.rule != first->rule || finding.severity != first->severity;
    });
    const auto count = static_cast<std::size_t>(last - first);
    fmt::print(
        "\n{} {}: {}\n",
        painted(fmt::format("{:<6}", name(first->severity)), paint_of_severity(first->severity), screen),
        painted(first->rule->id, Paint::strong, screen), first->rule->title);
    Table table({{"", Column::Align::left, Column::Fit::whole},
                 {"WHO"},
                 {"WHERE", Column::Align::left, Column::Fit::whole},
                 {"WHAT", Column::Align::left, Column::Fit::whole}});
    for (auto finding = first; finding != last && finding < first + kShown; ++finding) {
      table.add({"     ", whom(*finding), where(finding->place), finding->what});
    }
    fmt::print("{}", table.take(screen));
    if (count > kShown) fmt::print("       and {} more: --format json shows all\n", count - kShown);
    fmt::print("{}", painted(wrapped(first->rule->why, "       why: ", width), Paint::faint, screen));
    fmt::print("{}", wrapped(first->rule->remedy, "       do:  ", width));
    first = last;
  }
}

void print_accepted(const Report& report, const Screen& screen) {
  Table table({{"ACCEPTED", Column::Align::left, Column::Fit::whole}, {"RULE"}, {"BECAUSE"}});
  for (const Finding& finding : report.accepted) {
    table.add({whom(finding), std::string(finding.rule->id), finding.accepted->reason});
  }
  if (const std::string text = table.take(screen); !text.empty()) fmt::print("\n{}", text);
}

void print_table(const Report& report) {
  const Screen screen = Screen::standard_output();
  const policy::ThreatModel& model = report.policy->settings.threat_model;
  print_operations(report, screen);
  print_public(report, screen);
  print_findings(report, screen);
  print_accepted(report, screen);
  fmt::print(
      "\n{} operations, measured as exposure {} and data {}{}: {} high (!!), {} medium (!), {} low{}\n",
      report.policy->operations.size(), review::name(model.exposure), review::name(model.data),
      model.stated ? "" : " (not stated)", report.count(Severity::high), report.count(Severity::medium),
      report.count(Severity::low),
      report.accepted.empty() ? "" : fmt::format(", {} accepted", report.accepted.size()));
}

void add_open_secrets(const policy::Settings& settings, review::Facts& facts) {
  const auto look = [&](const policy::PlacedText& file, std::string_view what) {
    std::error_code error;
    const auto permissions = std::filesystem::status(file.value, error).permissions();
    if (file.value.empty() || error) return;
    if ((permissions & std::filesystem::perms::others_read) == std::filesystem::perms::none) return;
    facts.open_secrets.push_back(
        {file.place, std::string(what), fmt::format("{:04o}", static_cast<unsigned>(permissions))});
  };
  look(settings.tls.private_key, "tls.private_key");
  look(settings.listen.admin_access.private_key, "listen.admin.tls.private_key");
  for (const auto& [name, upstream] : settings.upstreams)
    look(upstream.private_key, fmt::format("upstreams.{}.private_key", name));
  look(settings.pepper_file, "key_pepper");
  look(settings.assertion_key, "assertion_key");
}

review::Facts facts(const policy::PolicySet& policy) {
  review::Facts facts;
  add_open_secrets(policy.settings, facts);
  if (const auto& security_txt = policy.settings.security_txt) {
    facts.security_txt_left =
        std::chrono::floor<std::chrono::hours>(security_txt->expires_at - SystemClock().wall());
  }
  const auto pem = read_whole(policy.settings.tls.certificate.value);
  if (!pem) return facts;
  if (const auto certificate = crypto::parse_certificate_pem(*pem)) {
    facts.certificate_left =
        std::chrono::floor<std::chrono::hours>(certificate->not_after - SystemClock().wall());
  }
  return facts;
}

int review_configuration(const ReviewOptions& words) {
  if (words.rules) {
    fmt::print("{}", review::rules_as_markdown());
    return 0;
  }
  const auto policy = load_policy(words.config, "there is nothing to review yet");
  if (!policy) return 1;
  const Report report = review::review(*policy, words.config, facts(*policy));
  if (words.json || words.format == "json") {
    fmt::print("{}", review::as_json(report));
  } else if (words.format == "markdown") {
    fmt::print("{}", review::as_markdown(report));
  } else {
    print_table(report);
  }
  for (const Severity severity : {Severity::low, Severity::medium, Severity::high}) {
    if (words.fail_on != name(severity)) continue;
    if (!report.has(severity)) return 0;
    fmt::print(stderr, "gatehouse review: there are findings of severity {} or worse\n", words.fail_on);
    return 1;
  }
  return 0;
}

}  // namespace

void add_review(CLI::App& program, int& status) {
  Command command(program, "review",
                  "List the weaknesses of every operation in every layer, with reasons and remedies.",
                  "gatehouse review -c gatehouse.yaml --format markdown > review.md\n"
                  "  gatehouse review --fail-on high     in continuous integration");
  const auto words = std::make_shared<ReviewOptions>();
  command.option("-c,--config", words->config, "The configuration");
  command.option("--format", words->format, "The output format", {"table", "json", "markdown"});
  command.option("--fail-on", words->fail_on, "Exit with 1 if a finding has at least this severity",
                 {"high", "medium", "low"});
  command.flag("--json", words->json, "The same as --format json");
  command.flag("--rules", words->rules, "Print every rule with its reason instead");
  command.run(status, [words] { return review_configuration(*words); });
}

}  // namespace gatehouse::app
