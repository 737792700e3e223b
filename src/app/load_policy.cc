#include "app/load_policy.h"

#include <chrono>
#include <filesystem>
#include <system_error>

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

namespace {

std::optional<policy::Settings> read(const std::string& path, Problems& problems) {
  const auto source = doc::load(path, doc::disk_files(), problems);
  if (!source) return std::nullopt;
  policy::Settings settings =
      policy::read_settings(*source, std::filesystem::absolute(path).parent_path().string(), problems);
  settings.source = source;
  return settings;
}

}  // namespace

std::optional<policy::Settings> load_settings(const std::string& path, std::string_view consequence) {
  Problems problems;
  auto settings = read(path, problems);
  if (problems.empty()) return settings;
  tell(problems, path, consequence);
  return std::nullopt;
}

std::optional<policy::Settings> load_store_settings(const std::string& path, std::string_view consequence) {
  Problems problems;
  auto settings = read(path, problems);
  if (problems.empty()) return settings;
  std::error_code error;  // a store that cannot be examined cannot be opened either
  if (!settings || settings->store.empty() || !std::filesystem::exists(settings->store, error)) {
    tell(problems, path, consequence);
    return std::nullopt;
  }
  // What the problems are about is not known: nothing in the store is deleted.
  settings->keep_events = std::chrono::nanoseconds::max() / 2;
  settings->keep_size = ByteCount{std::uint64_t{1} << 60U};
  return settings;
}

std::string count_of(const Problems& problems, const std::string& path) {
  const std::size_t count = problems.sorted().size();
  return fmt::format("{} problem{} in {}", count, count == 1 ? "" : "s", path);
}

}  // namespace gatehouse::app
