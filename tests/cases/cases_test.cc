// Every *.yaml of a folder is a file of cases, every case a test. README.md says how they are written.

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "world.h"

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

// What was decided, in the words that were expected and those that explain it.
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
  DecisionTest(CaseWorld& world, const Case& tested) : world_(world), case_(tested) {}

  void TestBody() override {
    const auto gates = world_.open();
    for (const Step& step : case_.steps) {
      for (std::int64_t time = 0; time < step.times; ++time) {
        if (!holds(step, gates->pass(step))) return;  // what follows would only be noise
      }
    }
  }

 private:
  bool holds(const Step& step, Outcome outcome) {
    std::vector<std::string> differ = outcome.broken;
    for (const auto& [name, expected] : step.expected) {
      const auto decided = outcome.decided.find(name);
      const std::string found = decided == outcome.decided.end() ? "nothing" : decided->second;
      const bool fits = name == "detail" ? found.contains(expected) : found == expected;
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

  CaseWorld& world_;
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

int run(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml")
      files.push_back(entry.path().lexically_proximate(std::filesystem::current_path()));
  }
  std::ranges::sort(files);
  Problems problems;
  std::vector<std::unique_ptr<CaseWorld>> worlds;
  for (const std::filesystem::path& path : files) {
    CaseFile file = read_case_file(path.string(), problems);
    if (!problems.empty()) continue;
    if (auto world = CaseWorld::make(std::move(file), problems)) worlds.push_back(std::move(world));
  }
  if (!problems.empty()) {
    fmt::print(stderr, "{}", problems.text());
    return 1;
  }
  for (const auto& world : worlds) {
    const std::string suite = std::filesystem::path(world->file().source->name()).stem().string();
    for (const Case& one : world->file().cases) {
      testing::RegisterTest(suite.c_str(), test_name(one.name).c_str(), nullptr, nullptr,
                            one.place.file.c_str(), static_cast<int>(one.place.line),
                            [&world, &one]() -> testing::Test* { return new DecisionTest(*world, one); });
    }
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace gatehouse::cases

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return gatehouse::cases::run(argc > 1 ? argv[1] : "tests/cases");
}
