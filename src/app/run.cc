#include <utility>

#include <gatehouse/handler.h>

#include "app/assembly.h"
#include "app/command_line.h"
#include "app/commands.h"

namespace gatehouse {

int run(int argc, char** argv, handler::Handlers handlers) {
  app::handlers() = std::move(handlers);
  return app::run_program(
      argc, argv, "gatehouse",
      "Gatehouse secures an API: it reads the API's OpenAPI document and one YAML file, and refuses to "
      "start\n"
      "until every operation has an answer to who may call, what they may do, what they may send, how\n"
      "often, and what is recorded.",
      "Example:\n  gatehouse check -c gatehouse.yaml && gatehouse serve -c gatehouse.yaml",
      [](CLI::App& program, int& status) {
        for (app::AddCommand* const add : app::kCommands) add(program, status);
      });
}

}  // namespace gatehouse
