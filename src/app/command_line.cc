#include "app/command_line.h"

#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/utf8.h"
#include "doc/reader.h"

namespace gatehouse::app {

Command::Command(CLI::App& program, const char* name, const char* what, const char* example)
    : app_(program.add_subcommand(name, what)) {
  app_->footer(std::string("Example:\n  ") + example);
}

Command::Command(Command& group, const char* name, const char* what, const char* example)
    : Command(*group.app_, name, what, example) {
  group.app_->require_subcommand(1);
}

void Command::option(const char* names, std::string& into, const char* what, Need need) {
  CLI::Option* option = app_->add_option(names, into, what);
  if (!into.empty()) option->capture_default_str();
  option->required(need == Need::required);
}

void Command::option(const char* names, std::string& into, const char* what,
                     const std::vector<std::string>& choices) {
  CLI::Option* option = app_->add_option(names, into, what)->check(CLI::IsMember(choices));
  if (!into.empty()) option->capture_default_str();
}

void Command::option(const char* names, std::optional<std::string>& into, const char* what) {
  app_->add_option(names, into, what);
}

void Command::option(const char* names, std::vector<std::string>& into, const char* what) {
  app_->add_option(names, into, what);
}

void Command::flag(const char* names, bool& into, const char* what) { app_->add_flag(names, into, what); }

void Command::run(int& status, std::function<int()> work) {
  app_->callback([&status, work = std::move(work)] { status = work(); });
}

namespace {

// The first word that names no command where one is expected; with the closest name there is.
std::optional<std::string> unknown_command(const CLI::App& program, int argc, const char* const* argv) {
  const CLI::App* level = &program;
  std::string path;
  for (int i = 1; i < argc && !std::string_view(argv[i]).starts_with('-'); ++i) {
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* const one : level->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(one->get_name());
      if (one->get_name() == argv[i]) next = one;
    }
    if (names.empty()) break;
    if (next == nullptr) {
      const std::string_view meant = doc::nearest(argv[i], names);
      return fmt::format("gatehouse{}: there is no command `{}`; {}\n", path, printable(argv[i]),
                         meant.empty() ? fmt::format("there are: {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean `{}`?", meant));
    }
    path += fmt::format(" {}", argv[i]);
    level = next;
  }
  return std::nullopt;
}

}  // namespace

int run_program(int argc, const char* const* argv, const char* name, const char* what, const char* example,
                const std::function<void(CLI::App& program, int& status)>& add) {
  CLI::App program(what, name);
  program.require_subcommand(1);
  program.footer(example);
  program.set_version_flag("--version", "gatehouse " GATEHOUSE_VERSION, "Print the version and exit");
  int status = 0;
  add(program, status);
  if (const auto unknown = unknown_command(program, argc, argv)) {
    fmt::print(stderr, "{}", *unknown);
    return 2;
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return program.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception& bug) {
    fmt::print(stderr, "gatehouse: {}\nThis is a bug: please report it, with the command and its files.\n",
               bug.what());
    return 1;
  }
  return status;
}

int fail(std::string_view command, std::string_view what, int status) {
  fmt::print(stderr, "gatehouse {}: {}\n", command, what);
  return status;
}

void wrong_usage(const char* option, std::string_view what) {
  throw CLI::ValidationError(option, std::string(what));
}

}  // namespace gatehouse::app
