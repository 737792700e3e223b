#include <csignal>
#include <ctime>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/load_policy.h"
#include "app/service.h"
#include "app/signals.h"

namespace gatehouse::app {
namespace {

void reload(Service& service, const std::string& path) {
  service.reopen_logs();
  Problems problems;
  const auto policy = load_policy(path, problems);
  if (!policy) {
    fmt::print(stderr, "{}", problems.text());
    tell_operator(fmt::format("{}: the configuration is unchanged", count_of(problems, path)));
    return;
  }
  if (const auto done = service.reload(policy); !done) {
    tell_operator(fmt::format("{}; the configuration is unchanged", done.error().text));
    return;
  }
  tell_operator("reloaded");
}

int serve(const std::string& path) {
  const sigset_t signals = block_signals({SIGHUP, SIGTERM, SIGINT});
  const auto policy = load_policy(path, "nothing was started");
  if (!policy) return 1;
  auto service = Service::start(policy);
  if (!service) {
    fmt::print(stderr, "gatehouse: {}\n", service.error().text);
    return 1;
  }
  tell_operator(fmt::format("{} operation{}, serving", policy->operations.size(),
                            policy->operations.size() == 1 ? "" : "s"));
  for (;;) {
    constexpr timespec kTick{0, 500'000'000};
    switch (sigtimedwait(&signals, nullptr, &kTick)) {
      case SIGHUP: reload(**service, path); break;
      case SIGTERM:
      case SIGINT:
        tell_operator("draining");
        (*service)->drain();
        return 0;
      default:
        (*service)->watch_certificates();
        (*service)->take_over();
        break;
    }
  }
}

}  // namespace

void add_serve(CLI::App& program, int& status) {
  Command command(program, "serve", "Run the server. SIGHUP reloads, SIGTERM drains.",
                  "gatehouse serve -c gatehouse.yaml");
  const auto path = std::make_shared<std::string>("gatehouse.yaml");
  command.option("-c,--config", *path, "The configuration");
  command.run(status, [path] { return serve(*path); });
}

}  // namespace gatehouse::app
