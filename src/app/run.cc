#include <cstdio>
#include <exception>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <gatehouse/handler.h>

#include "app/catalogue.h"
#include "app/commands.h"

namespace gatehouse {

int run(int argc, char** argv, handler::Handlers handlers) {
  app::handlers() = std::move(handlers);
  CLI::App program(
      "Gatehouse secures an API: it reads the API's OpenAPI document and one YAML file, and refuses to "
      "start\n"
      "until every operation has an answer to who may call, what they may do, what they may send, how\n"
      "often, and what is recorded.",
      "gatehouse");
  program.require_subcommand(1);
  program.footer("Example:\n  gatehouse check -c gatehouse.yaml && gatehouse serve -c gatehouse.yaml");
  int status = 0;
  app::add_demo(program, status);
  app::add_serve(program, status);
  app::add_check(program, status);
  app::add_review(program, status);
  app::add_init(program, status);
  app::add_key(program, status);
  app::add_log(program, status);
  app::add_why(program, status);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return program.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception& bug) {
    fmt::print(stderr,
               "gatehouse: {}\nThis is not foreseen: please report it, with the command and its files.\n",
               bug.what());
    return 1;
  }
  return status;
}

}  // namespace gatehouse
