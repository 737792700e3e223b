#include <memory>
#include <string>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/load_policy.h"

namespace gatehouse::app {
namespace {

int check(const std::string& path) {
  const auto policy = load_policy(path);
  if (!policy) return 1;
  const std::size_t count = policy->operations.size();
  fmt::print("{}: {} operation{}, each with an answer to every question\n", path, count,
             count == 1 ? "" : "s");
  return 0;
}

}  // namespace

void add_check(CLI::App& program, int& status) {
  Command command(program, "check", "Load everything and print every problem.",
                  "gatehouse check -c gatehouse.yaml && systemctl reload gatehouse");
  const auto path = std::make_shared<std::string>("gatehouse.yaml");
  command.option("-c,--config", *path, "The configuration");
  command.run(status, [path] { return check(*path); });
}

}  // namespace gatehouse::app
