#include <memory>
#include <string>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "base/utf8.h"
#include "policy/reference.h"

namespace gatehouse::app {
namespace {

struct ReferenceOptions {
  std::string key;
  bool markdown = false;
  bool json = false;
};

int print_reference(const ReferenceOptions& words) {
  if (words.markdown || words.json) {
    fmt::print("{}", words.json ? policy::reference_as_json() : policy::reference_as_markdown());
    return 0;
  }
  if (words.key.empty()) {
    fmt::print("{}", policy::reference_in_lines());
    return 0;
  }
  const std::string found = policy::reference_of(words.key);
  if (found.empty()) {
    const std::string_view near = policy::nearest_key(words.key);
    return fail(
        "reference",
        near.empty()
            ? fmt::format("there is no key `{}`; `gatehouse reference` lists all", printable(words.key))
            : fmt::format("there is no key `{}`; did you mean `{}`?", printable(words.key), near));
  }
  fmt::print("{}", found);
  return 0;
}

}  // namespace

void add_reference(CLI::App& program, int& status) {
  Command command(program, "reference",
                  "Print the keys of the configuration: type, bounds, default, meaning and an example.",
                  "gatehouse reference timeout");
  const auto words = std::make_shared<ReferenceOptions>();
  command.option("key", words->key, "A key, such as timeout or upstreams.NAME.timeout");
  command.flag("--markdown", words->markdown, "All keys as docs/reference.md has them");
  command.flag("--json", words->json, "All keys, for programs");
  command.run(status, [words] { return print_reference(*words); });
}

}  // namespace gatehouse::app
