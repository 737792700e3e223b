#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "app/check_files.h"
#include "app/command_line.h"
#include "app/commands.h"
#include "app/event_store.h"
#include "app/load_policy.h"
#include "app/proposed_fields.h"
#include "app/starter.h"
#include "base/units.h"
#include "doc/load.h"
#include "http/uri.h"
#include "openapi/load.h"
#include "policy/load.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string document;
  std::string upstream;
  std::string output = "gatehouse.yaml";
  bool from_log = false;
  std::string config = "gatehouse.yaml";
  std::string since = "7d";
};

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string taken(const std::string& path) {
  return fmt::format(
      "{} exists and is not overwritten; name another file with -o, or -o - for standard output", path);
}

// Makes the file; one that is there stays as it is.
Result<> write_new(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0 && errno == EEXIST) return failure(ErrorCode::conflict, taken(path));
  if (file < 0)
    return failure(ErrorCode::denied, fmt::format("{} cannot be created: {}", path, std::strerror(errno)));
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool closed = ::close(file) == 0;
  if (!text.empty() || !closed)
    return failure(ErrorCode::unavailable, fmt::format("{} cannot be written", path));
  return {};
}

// The number of problems that `gatehouse check` will report, without a file.
std::size_t problems_of(const fs::path& path, const std::string& text) {
  const doc::ReadFile disk = doc::disk_files();
  policy::LoadOptions options = load_options();
  options.read = [&](const fs::path& file) -> Result<std::string> {
    if (file == path) return text;
    return disk(file);
  };
  options.examine = check_files;
  Problems problems;
  policy::load(path, options, problems);
  return problems.sorted().size();
}

void say_what_next(const InitOptions& words, const openapi::Api& api, std::size_t problems) {
  const std::string config = words.output == "gatehouse.yaml" ? "" : " -c " + words.output;
  fmt::print(stderr, "{}: {} of {}, before {}\n\n", words.output, counted(api.operations.size(), "operation"),
             words.document, words.upstream);
  fmt::print(stderr,
             "Next:\n  1. Make the decisions that are marked DECIDE. `gatehouse check{}` lists the missing "
             "ones: {} now.\n",
             config, counted(problems, "problem"));
  fmt::print(stderr, "  2. `gatehouse review{}` lists the weaknesses.\n", config);
  fmt::print(stderr,
             "  3. `gatehouse key create{} --principal partner:acme --role reader` makes a key; `gatehouse "
             "serve{}` starts the server.\n",
             config, config);
}

// Additions to a configuration, from its server's events.
int init_from_log(const InitOptions& words) {
  for (const auto& [option, word] :
       {std::pair("--openapi", &words.document), std::pair("--upstream", &words.upstream)}) {
    if (!word->empty()) wrong_usage(option, "has no meaning with --from-log, which reads -c");
  }
  const auto since = parse_duration(words.since);
  if (!since)
    wrong_usage("--since", fmt::format("must be a duration such as 15m or 7d, not `{}`", words.since));
  auto store = open_event_store(words.config);
  if (!store) return fail("init", store.error().text);
  const auto names = count_dropped(*store, {.since = SystemClock().wall() - *since});
  if (!names) return fail("init", names.error().text);
  const std::string text = forward_proposals(names->by_frequency(), words.since);
  if (text.empty()) {
    fmt::print(stderr,
               "No name that can be forwarded came in {} requests or more of the last {} (`gatehouse log "
               "--dropped` counts all).\n",
               kOften, words.since);
    return 0;
  }
  fmt::print("{}", text);
  return 0;
}

int init(const InitOptions& words) {
  if (words.from_log) return init_from_log(words);
  if (words.document.empty()) wrong_usage("--openapi", "is required");
  if (words.upstream.empty()) wrong_usage("--upstream", "is required");
  const auto url = http::parse_url(words.upstream);
  if (!url || !url->query.empty()) {
    return fail("init",
                fmt::format("--upstream `{}` is not the URL of a service; write scheme, host and port, as in "
                            "http://127.0.0.1:3000",
                            words.upstream),
                2);
  }
  const bool to_output = words.output == "-";
  std::error_code ignored;
  // Before a long document is read for nothing.
  if (!to_output && fs::exists(words.output, ignored)) return fail("init", taken(words.output));
  Problems problems;
  openapi::LoadOptions options;
  options.additions = [](const openapi::Operation&) {
    openapi::Additions proposed;
    proposed.deep = openapi::Deep::both;
    return proposed;
  };
  const openapi::Api api = openapi::load(words.document, doc::disk_files(), options, problems);
  if (api.operations.empty()) {
    fmt::print(stderr, "{}", problems.text());
    return fail("init",
                fmt::format("{} has no operation that can be secured; nothing was written", words.document));
  }
  const fs::path output = to_output ? fs::path("gatehouse.yaml") : fs::path(words.output);
  const fs::path folder = fs::absolute(output).parent_path();
  const std::string document =
      fs::absolute(words.document).lexically_normal().lexically_proximate(folder).generic_string();
  const std::string text = starter(api, {document, words.upstream});
  if (to_output) {
    fmt::print("{}", text);
    return 0;
  }
  if (const auto written = write_new(words.output, text); !written) return fail("init", written.error().text);
  say_what_next(words, api, problems_of(output, text));
  return 0;
}

}  // namespace

void add_init(CLI::App& program, int& status) {
  Command command(program, "init",
                  "Write a configuration to start from, with every operation of the document.",
                  "gatehouse init --openapi api.yaml --upstream http://127.0.0.1:3000");
  const auto words = std::make_shared<InitOptions>();
  command.option("--openapi", words->document, "The API's OpenAPI document, 3.0, 3.1 or 3.2");
  command.option("--upstream", words->upstream, "The URL of the upstream, the service behind Gatehouse");
  command.option("-o,--output", words->output, "The file to write; - for standard output");
  command.flag("--from-log", words->from_log,
               "Propose entries for `fields` instead: names that callers sent and that were dropped");
  command.option("-c,--config", words->config, "With --from-log: the configuration that names the store");
  command.option("--since", words->since, "With --from-log: how far back");
  command.run(status, [words] { return init(*words); });
}

}  // namespace gatehouse::app
