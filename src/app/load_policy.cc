#include "app/load_policy.h"

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "app/assembly.h"
#include "app/built_ins.h"
#include "app/check_files.h"
#include "doc/load.h"
#include "policy/load.h"

namespace gatehouse::app {
namespace {

// One line of the terminal that is written again and again, and gone in the end.
class Progress {
 public:
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  void say(const std::filesystem::path& document) {
    if (::isatty(STDERR_FILENO) == 0) return;
    fmt::print(stderr, "\r\x1b[Kreading {}", document.filename().string());
    shown_ = true;
  }

 private:
  bool shown_ = false;
};

void tell(const Problems& problems, const std::string& path, std::string_view consequence) {
  fmt::print(stderr, "{}{}: {}\n", problems.text(), count_of(problems, path), consequence);
}

}  // namespace

policy::LoadOptions load_options() {
  return {.read = doc::disk_files(), .handlers = handler_names(), .built_ins = built_in_groups()};
}

std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path, Problems& problems) {
  Progress progress;
  policy::LoadOptions options = load_options();
  options.examine = check_files;
  options.begins = [&](const std::filesystem::path& document) { progress.say(document); };
  return policy::load(path, options, problems);
}

std::shared_ptr<const policy::PolicySet> load_policy(const std::string& path, std::string_view consequence) {
  Problems problems;
  auto policy = load_policy(path, problems);
  if (!policy) tell(problems, path, consequence);
  return policy;
}

std::optional<policy::Settings> load_settings(const std::string& path, std::string_view consequence) {
  Problems problems;
  std::optional<policy::Settings> settings;
  if (const auto source = doc::load(path, doc::disk_files(), problems)) {
    settings =
        policy::read_settings(*source, std::filesystem::absolute(path).parent_path().string(), problems);
    settings->source = source;
  }
  if (problems.empty()) return settings;
  tell(problems, path, consequence);
  return std::nullopt;
}

std::string count_of(const Problems& problems, const std::string& path) {
  const std::size_t count = problems.sorted().size();
  return fmt::format("{} problem{} in {}", count, count == 1 ? "" : "s", path);
}

}  // namespace gatehouse::app
