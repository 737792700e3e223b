#include "app/command_line.h"

#include <algorithm>
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
  const auto is_choice = [choices](const std::string& word) {
    if (std::ranges::find(choices, word) != choices.end()) return std::string();
    return fmt::format("must be {}, not `{}`", fmt::join(choices, " or "), printable(word));
  };
  CLI::Option* option =
      app_->add_option(names, into, what)->check(is_choice, fmt::format("{}", fmt::join(choices, "|")));
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

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  const std::string_view near = doc::nearest(word, names);
  return near.empty() ? fmt::format("there are: {}", fmt::join(names, ", "))
                      : fmt::format("did you mean `{}`?", near);
}

// What is wrong with a word that no command takes; empty: no such word is the cause.
std::string unknown_word(const CLI::App& program) {
  const CLI::App* at = &program;
  std::string path;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += at->get_name() + " ";
  }
  std::vector<std::string> left = at->remaining();
  if (left.empty()) left = program.remaining();
  std::vector<std::string> commands;
  for (const CLI::App* const one : at->get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(one->get_name());
  if (!commands.empty()) {
    const auto word =
        std::ranges::find_if(left, [](const std::string& one) { return !one.starts_with("-"); });
    const std::string list = fmt::format("`gatehouse {}--help` lists them", path);
    if (word == left.end()) return "name a command; " + list;
    const std::string_view near = doc::nearest(*word, commands);
    return fmt::format("there is no command `{}{}`; {}", path, printable(*word),
                       near.empty() ? list : fmt::format("did you mean `{}`?", near));
  }
  if (left.empty()) return {};
  // The first option, behind which its value may stand, or else the first word.
  const auto option =
      std::ranges::find_if(left, [](const std::string& word) { return word.starts_with("-"); });
  const std::string& word = option != left.end() ? *option : left.front();
  std::vector<std::string> names;
  if (option != left.end()) {
    for (const CLI::Option* const one : at->get_options()) {
      for (const std::string& name : one->get_lnames()) names.push_back("--" + name);
    }
    return fmt::format("there is no option `{}` of `gatehouse {}`; {}", printable(word),
                       path.substr(0, path.size() - (path.empty() ? 0 : 1)), suggestion(word, names));
  }
  const bool is_file = word.ends_with(".yaml") || word.ends_with(".yml");
  return fmt::format("`{}` is not expected here; {}", printable(word),
                     is_file ? fmt::format("name the configuration with `-c {}`", printable(word))
                             : fmt::format("`gatehouse {}--help` lists the options", path));
}

}  // namespace

int run_program(int argc, const char* const* argv, const char* name, const char* version, const char* what,
                const char* example, const std::function<void(CLI::App& program, int& status)>& add) {
  CLI::App program(what, name);
  program.require_subcommand(1);
  program.footer(example);
  program.set_version_flag("--version", fmt::format("{} {}", name, version));
  int status = 0;
  add(program, status);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    if (wrong.get_exit_code() == 0) return program.exit(wrong);
    if (const std::string told = unknown_word(program); !told.empty()) {
      fmt::print(stderr, "{}: {}\n", name, told);
      return 2;
    }
    program.exit(wrong);
    return 2;
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
