// One command and the words that it takes, over CLI11. Commands that are written with this include no CLI11,
// which takes half a minute to compile.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace gatehouse::app {

enum class Need : unsigned char { optional, required };

// The target of an option must live until the command has run: keep it in the state of `work`. Its text
// before parsing is the default, which `--help` shows.
class Command {
 public:
  // `--help` ends with `example`.
  Command(CLI::App& program, const char* name, const char* what, const char* example);
  // One of the commands of `group`, of which one must be named: `key create`.
  Command(Command& group, const char* name, const char* what, const char* example);

  void option(const char* names, std::string& into, const char* what, Need need = Need::optional);
  void option(const char* names, std::string& into, const char* what,
              const std::vector<std::string>& choices);
  // Absent, or a text that may be empty.
  void option(const char* names, std::optional<std::string>& into, const char* what);
  // May be repeated.
  void option(const char* names, std::vector<std::string>& into, const char* what);
  void flag(const char* names, bool& into, const char* what);
  // `work` is called when this command was, and gives the exit status.
  void run(int& status, std::function<int()> work);

 private:
  CLI::App* app_;
};

// Parses the words of the program, runs the command that they name, and gives the exit status: the command's
// own, 2 for wrong usage, 1 for an exception. `add` adds the commands, each with the place of its status.
int run_program(int argc, const char* const* argv, const char* name, const char* version, const char* what,
                const char* example, const std::function<void(CLI::App& program, int& status)>& add);

// Writes `gatehouse COMMAND: what` to standard error; the exit status of a command that failed.
int fail(std::string_view command, std::string_view what, int status = 1);

// Ends the program with 2 and `option: what`: for errors that no check of a single word finds. From `work`
// only.
[[noreturn]] void wrong_usage(const char* option, std::string_view what);

}  // namespace gatehouse::app
