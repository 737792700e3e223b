// The commands of the program. Each parses its own words (CLI11), says `--help` with an example, writes
// results to standard output and errors to standard error, and gives the exit status: 0, 1 for failure, 2 for
// wrong usage, 3 for a change of keys that is stored and that a running server has not confirmed.
#pragma once

namespace CLI {
class App;
}

namespace gatehouse::app {

// Adds a subcommand; the status of the one that was called ends up in `status`.
using AddCommand = void(CLI::App& program, int& status);
AddCommand add_demo, add_serve, add_check, add_review, add_init, add_key, add_log, add_why, add_explain,
    add_openapi;
// In the order in which `--help` lists them.
inline constexpr AddCommand* kCommands[] = {
    add_demo, add_serve, add_check, add_review, add_init, add_key, add_log, add_why, add_explain, add_openapi,
};

}  // namespace gatehouse::app
