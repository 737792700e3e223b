#include <utility>

#include <gatehouse/handler.h>

#include "app/assembly.h"
#include "app/command_line.h"
#include "app/commands.h"
#include "net/tls_buffers.h"

namespace gatehouse {

int run(int argc, char** argv, handler::Handlers handlers) {
  net::keep_tls_buffers();
  app::handlers() = std::move(handlers);
  return app::run_program(
      argc, argv, "gatehouse", GATEHOUSE_VERSION,
      "Gatehouse secures an API. It reads the API's OpenAPI document and one YAML file. It does not start "
      "until\nthe configuration decides the callers, their permissions, the input, the limits and the record "
      "of every operation.",
      "Example:\n  gatehouse check -c gatehouse.yaml && gatehouse serve -c gatehouse.yaml",
      [](CLI::App& program, int& status) {
        for (app::AddCommand* const add : app::kCommands) add(program, status);
      });
}

}  // namespace gatehouse
