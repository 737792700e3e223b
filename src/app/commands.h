// The commands of the program. Each parses its own words (CLI11), says `--help` with an example, writes
// results to standard output and errors to standard error, and gives the exit status: 0, 1 for failure, 2 for
// wrong usage, 3 for a change in the store that is made and that a running server has not confirmed.
#pragma once

namespace CLI {
class App;
}

namespace gatehouse::app {

// Adds a subcommand; the status of the one that was called ends up in `status`.
using AddCommand = void(CLI::App& program, int& status);
// In the order in which `--help` lists them.
// clang-format off
#define GATEHOUSE_COMMANDS(X) \
  X(add_demo)                 \
  X(add_serve)                \
  X(add_reload)               \
  X(add_check)                \
  X(add_review)               \
  X(add_init)                 \
  X(add_key)                  \
  X(add_block)                \
  X(add_unblock)              \
  X(add_maintenance)          \
  X(add_log)                  \
  X(add_why)                  \
  X(add_explain)              \
  X(add_openapi)              \
  X(add_reference)
// clang-format on

#define GATEHOUSE_DECLARE(command) AddCommand command;
GATEHOUSE_COMMANDS(GATEHOUSE_DECLARE)
#undef GATEHOUSE_DECLARE

#define GATEHOUSE_LISTED(command) command,
inline constexpr AddCommand* kCommands[] = {GATEHOUSE_COMMANDS(GATEHOUSE_LISTED)};
#undef GATEHOUSE_LISTED

}  // namespace gatehouse::app
