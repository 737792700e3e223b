#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/built_ins.h"
#include "app/command_line.h"
#include "app/commands.h"

namespace gatehouse::app {
namespace {

// Every group's name where none is asked for.
int print_documents(const std::string& asked) {
  for (const BuiltInGroup* const group : built_in_groups()) {
    if (asked.empty()) fmt::print("{}\n", group->name);
    if (asked == group->name) fmt::print("{}", group->document);
  }
  return 0;
}

}  // namespace

void add_openapi(CLI::App& program, int& status) {
  Command command(program, "openapi",
                  "Print the OpenAPI document of operations that Gatehouse answers itself.",
                  "gatehouse openapi well_known > well_known.yaml");
  std::vector<std::string> names;
  for (const BuiltInGroup* const group : built_in_groups()) names.emplace_back(group->name);
  const auto group = std::make_shared<std::string>();
  command.option("group", *group, "The group of operations; without it, the names of all groups", names);
  command.run(status, [group] { return print_documents(*group); });
}

}  // namespace gatehouse::app
