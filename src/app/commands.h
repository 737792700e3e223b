// The commands of the program. Each parses its own words (CLI11), says `--help` with an example, writes
// results to standard output and errors to standard error, and gives the exit status: 0, 1 for failure, 2 for
// wrong usage, 3 for a change of keys that is stored and that a running server has not confirmed.
#pragma once

namespace CLI {
class App;
}

namespace gatehouse::app {

// Each adds its subcommand; the status of the one that was called ends up in `status`.
void add_serve(CLI::App& program, int& status);
void add_check(CLI::App& program, int& status);
void add_review(CLI::App& program, int& status);
void add_init(CLI::App& program, int& status);
void add_key(CLI::App& program, int& status);
void add_demo(CLI::App& program, int& status);
void add_log(CLI::App& program, int& status);
void add_why(CLI::App& program, int& status);

}  // namespace gatehouse::app
