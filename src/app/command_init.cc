#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "app/check_files.h"
#include "app/command_line.h"
#include "app/commands.h"
#include "app/event_store.h"
#include "app/fetch_document.h"
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
  std::vector<std::string> documents;
  std::vector<std::string> upstreams;
  bool missing = false;
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
             fmt::join(words.documents, ", "), fmt::join(words.upstreams, ", "));
  fmt::print(stderr,
             "Next:\n  1. Make the decisions that are marked DECIDE. `gatehouse check{}` lists the missing "
             "ones: {} now.\n",
             config, counted(problems, "problem"));
  fmt::print(stderr, "  2. `gatehouse review{}` lists the weaknesses.\n", config);
  fmt::print(stderr,
             "  3. `gatehouse key create{} --principal partner:acme --role reader` makes a key; `gatehouse "
             "serve{}` starts the server.\n",
             config, config);
  fmt::print(
      stderr,
      "\nThe service:\n"
      "  - The caller is in `Gatehouse-Principal`. `Authorization` ends here, so a service that asks for it "
      "answers 401: remove that check, or set `forward: true` at the authenticator.\n"
      "  - `Host` is the upstream's own name: allow it in the service, or set `host: original` at the "
      "upstream.\n"
      "  - Errors leave as far as the document declares them: declare them, or set `defaults: "
      "{{errors_from_upstream: json}}`.\n");
}

// Of options that work on the configuration -c.
void refuse_documents(const InitOptions& words, std::string_view option) {
  for (const auto& [name, given] :
       {std::pair("--openapi", &words.documents), std::pair("--upstream", &words.upstreams)}) {
    if (!given->empty()) wrong_usage(name, fmt::format("has no meaning with {}, which reads -c", option));
  }
}

openapi::LoadOptions reading_everything() {
  openapi::LoadOptions options;
  options.additions = [](const openapi::Operation&) {
    openapi::Additions proposed;
    proposed.deep = openapi::Deep::both;
    return proposed;
  };
  return options;
}

// Entries for operations of the documents that the configuration does not have yet.
int init_missing(const InitOptions& words) {
  refuse_documents(words, "--missing");
  const auto settings = load_settings(words.config, "nothing was proposed");
  if (!settings) return 1;
  std::set<std::string, std::less<>> known;
  for (const policy::OperationSettings& one : settings->operations) known.insert(one.name);
  Problems problems;
  std::vector<openapi::Api> apis;
  std::vector<StartingDocument> documents;
  for (const policy::DocumentSettings& document : settings->openapi) {
    openapi::LoadOptions options = reading_everything();
    options.placement.name = document.name.value;
    if (settings->security_schemes) {
      options.security_schemes = doc::Field(*settings->source, settings->security_schemes->value(),
                                            settings->security_schemes->path(), problems);
    }
    options.configuration = settings->source;
    apis.push_back(openapi::load(fs::path(document.file.value).lexically_proximate(fs::current_path()),
                                 doc::disk_files(), options, problems));
  }
  std::string text;
  std::size_t count = 0;
  for (const openapi::Api& api : apis) {
    std::vector<const openapi::Operation*> missing;
    for (const openapi::Operation& operation : api.operations) {
      const auto names = operation.names();
      if (!operation.gatehouse && !known.contains(names[0]) && !known.contains(names[1]))
        missing.push_back(&operation);
    }
    count += missing.size();
    if (!missing.empty()) text += starter_of(api, missing);
  }
  if (count == 0) {
    fmt::print(stderr, "{}{}: every operation of its documents has an entry\n", problems.text(),
               words.config);
    return problems.empty() ? 0 : 1;
  }
  fmt::print("{}", text);
  fmt::print(stderr,
             "{} without an entry in {}: put these lines under `operations`, and the permissions into "
             "`roles`\n",
             counted(count, "operation"), words.config);
  return 0;
}

// Additions to a configuration, from its server's events.
int init_from_log(const InitOptions& words) {
  refuse_documents(words, "--from-log");
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

bool is_service(std::string_view text) {
  const auto url = http::parse_url(text);
  return url && url->query.empty();
}

int init(const InitOptions& words) {
  if (words.from_log) return init_from_log(words);
  if (words.missing) return init_missing(words);
  if (words.documents.empty()) wrong_usage("--openapi", "is required");
  if (words.upstreams.empty()) wrong_usage("--upstream", "is required");
  if (words.upstreams.size() != 1 && words.upstreams.size() != words.documents.size())
    wrong_usage("--upstream", "is needed once, or once for each --openapi");
  for (const std::string& upstream : words.upstreams) {
    if (is_service(upstream)) continue;
    return fail("init",
                fmt::format("--upstream `{}` is not the URL of a service; write scheme, host and port, as in "
                            "http://127.0.0.1:3000",
                            upstream),
                2);
  }
  const bool to_output = words.output == "-";
  std::error_code ignored;
  // Before a long document is read for nothing.
  if (!to_output && fs::exists(words.output, ignored)) return fail("init", taken(words.output));
  const fs::path output = to_output ? fs::path("gatehouse.yaml") : fs::path(words.output);
  const fs::path folder = fs::absolute(output).parent_path();
  std::vector<openapi::Api> apis;
  std::vector<StartingDocument> documents;
  for (std::size_t i = 0; i < words.documents.size(); ++i) {
    auto file = local_document(words.documents[i], folder);
    if (!file) return fail("init", file.error().text);
    Problems problems;
    apis.push_back(openapi::load(*file, doc::disk_files(), reading_everything(), problems));
    if (apis.back().operations.empty()) {
      fmt::print(stderr, "{}", problems.text());
      return fail("init", fmt::format("{} has no operation that can be secured; nothing was written",
                                      words.documents[i]));
    }
    documents.push_back(
        {.file = fs::absolute(*file).lexically_normal().lexically_proximate(folder).generic_string(),
         .upstream = {},
         .url = words.upstreams[words.upstreams.size() == 1 ? 0 : i]});
  }
  name_upstreams(documents);
  const openapi::Api api = beside_each_other(std::move(apis), documents);
  const std::string text = starter(api, documents);
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
                  "Write a configuration to start from, with every operation of the documents.",
                  "gatehouse init --openapi api.yaml --upstream http://127.0.0.1:3000");
  const auto words = std::make_shared<InitOptions>();
  command.option(
      "--openapi", words->documents,
      "An OpenAPI document, 3.0, 3.1 or 3.2: a file, or a URL, which is fetched and written beside the "
      "configuration; may be given several times");
  command.option("--upstream", words->upstreams,
                 "The URL of the upstream, the service behind Gatehouse; once, or once for each document");
  command.option("-o,--output", words->output, "The file to write; - for standard output");
  command.flag("--from-log", words->from_log,
               "Propose entries for `fields` instead: names that callers sent and that were dropped");
  command.flag("--missing", words->missing,
               "Print only the entries that the operations of the configuration's documents lack");
  command.option("-c,--config", words->config, "With --from-log and --missing: the configuration");
  command.option("--since", words->since, "With --from-log: how far back");
  command.run(status, [words] { return init(*words); });
}

}  // namespace gatehouse::app
