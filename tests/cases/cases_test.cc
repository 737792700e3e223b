// Every *.yaml of a folder is a file of cases, every case a test. README.md says how they are written.

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/reason.h"
#include "environment.h"

namespace gatehouse::cases {
namespace {

std::string written(const Decision& decision) {
  std::string members;
  for (const auto& [name, value] : decision) {
    if (name == "outcome") continue;
    members += fmt::format("{}{}: {}", members.empty() ? "" : ", ", name, value);
  }
  const auto outcome = decision.find("outcome");
  return fmt::format("{}: {{{}}}", outcome == decision.end() ? "nothing" : outcome->second, members);
}

// The decision, with the expected members and those that explain it.
Decision in_question(const Decision& decided, const Decision& expected) {
  Decision shown;
  for (const auto& [name, value] : decided) {
    const bool explains = name == "outcome" || name == "stage" || name == "reason" || name == "rule" ||
                          name == "status" || name == "detail" || name == "details";
    if (explains || expected.contains(name)) shown[name] = value;
  }
  return shown;
}

class DecisionTest final : public testing::Test {
 public:
  DecisionTest(CaseEnvironment& environment, const Case& tested) : environment_(environment), case_(tested) {}

  void TestBody() override {
    const auto gates = environment_.open();
    for (const Step& step : case_.steps) {
      for (std::int64_t time = 0; time < step.times; ++time) {
        if (!holds(step, gates->pass(step))) return;  // later failures would only be noise
      }
    }
  }

 private:
  bool holds(const Step& step, Outcome outcome) {
    std::vector<std::string> differ = outcome.broken;
    for (const auto& [name, expected] : step.expected) {
      const auto decided = outcome.decided.find(name);
      const std::string found = decided == outcome.decided.end() ? "nothing" : decided->second;
      const bool fits = name == "detail" || name == "also" ? found.contains(expected) : found == expected;
      if (!fits) differ.push_back(fmt::format("{} is {}", name, found));
    }
    if (differ.empty()) return true;
    std::string as;
    for (const std::string& caller : step.callers) as += (as.empty() ? " as " : ", ") + caller;
    std::string why;
    for (const std::string& one : differ) why += "\n    " + one;
    ADD_FAILURE_AT(step.place.file.c_str(), static_cast<int>(step.place.line))
        << case_.name << "\n  request   " << step.request << as << " from " << step.from << "\n  expected  "
        << written(step.expected) << "\n  decided   " << written(in_question(outcome.decided, step.expected))
        << "\n  because" << why;
    return false;
  }

  CaseEnvironment& environment_;
  const Case& case_;
};

// "A key is refused from elsewhere" → AKeyIsRefusedFromElsewhere
std::string test_name(std::string_view sentence) {
  std::string name;
  bool upper = true;
  for (const char c : sentence) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter) name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = !letter && c != '\'';
  }
  return name;
}

// Reasons that no gate decides: a connection, a target or a clock that really runs does, and their tests meet
// them.
bool is_decided_elsewhere(Reason reason) {
  switch (reason) {
    case Reason::internal_error:
    case Reason::request_late:
    case Reason::handshake_failed:
    case Reason::proxy_header:
    case Reason::too_many_connections:
    case Reason::plaintext:
    case Reason::credential_in_plaintext:
    case Reason::draining:
    case Reason::body_late:
    case Reason::bodies_overloaded:
    case Reason::body_share:
    case Reason::concurrency_share:
    case Reason::upstream_unreachable:
    case Reason::upstream_open_circuit:
    case Reason::upstream_malformed:
    case Reason::database_failed:
    case Reason::database_changed:
    case Reason::database_overloaded:
    case Reason::answers_overloaded:
    case Reason::deadline_passed:
    case Reason::handler_refused:
    case Reason::handler_failed:
    case Reason::handler_overloaded:
    case Reason::upstream_share:
    case Reason::client_gone:
    case Reason::client_slow: return true;
    default: return false;
  }
}

class EveryReason final : public testing::Test {
 public:
  explicit EveryReason(std::set<std::string> met) : met_(std::move(met)) {}
  void TestBody() override {
    for (const ReasonFacts& facts : every_reason()) {
      const auto reason = static_cast<Reason>(&facts - every_reason().data());
      if (is_decided_elsewhere(reason)) continue;
      EXPECT_TRUE(met_.contains(std::string(facts.name))) << "no case is refused for " << facts.name;
    }
  }

 private:
  std::set<std::string> met_;
};

int run(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml")
      files.push_back(entry.path().lexically_proximate(std::filesystem::current_path()));
  }
  std::ranges::sort(files);
  Problems problems;
  std::vector<std::unique_ptr<CaseEnvironment>> environments;
  std::set<std::string> met;
  for (const std::filesystem::path& path : files) {
    CaseFile file = read_case_file(path.string(), problems);
    if (!problems.empty()) continue;
    if (auto environment = CaseEnvironment::make(std::move(file), problems))
      environments.push_back(std::move(environment));
  }
  if (!problems.empty()) {
    fmt::print(stderr, "{}", problems.text());
    return 1;
  }
  for (const auto& environment : environments) {
    const std::string suite = std::filesystem::path(environment->file().source->name()).stem().string();
    for (const Case& one : environment->file().cases) {
      for (const Step& step : one.steps) {
        if (const auto reason = step.expected.find("reason"); reason != step.expected.end())
          met.insert(reason->second);
      }
      testing::RegisterTest(
          suite.c_str(), test_name(one.name).c_str(), nullptr, nullptr, one.place.file.c_str(),
          static_cast<int>(one.place.line),
          [&environment, &one]() -> testing::Test* { return new DecisionTest(*environment, one); });
    }
  }
  testing::RegisterTest("reasons", "EveryOneThatAGateDecidesHasACase", nullptr, nullptr, __FILE__, __LINE__,
                        [met]() -> testing::Test* { return new EveryReason(met); });
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace gatehouse::cases

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return gatehouse::cases::run(argc > 1 ? argv[1] : "tests/cases");
}
