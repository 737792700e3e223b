#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/configuration_changes.h"
#include "app/load_policy.h"
#include "app/service.h"
#include "app/signals.h"
#include "net/socket.h"
#include "store/instruction_service.h"

namespace gatehouse::app {
namespace {

using store::ReloadOutcome;

struct Reloaded {
  ReloadOutcome outcome;
  std::string said;  // in one line, for the log
};

Reloaded try_reload(Service& service, const std::string& path) {
  using enum ReloadOutcome::Done;
  Reloaded made;
  made.outcome.configuration = std::filesystem::absolute(path).string();
  Problems problems;
  const auto policy = load_policy(path, problems);
  if (!policy) {
    made.outcome.text = problems.text();
    fmt::print(stderr, "{}", made.outcome.text);
    made.said = fmt::format("{}: the configuration is unchanged", count_of(problems, path));
    return made;
  }
  const std::vector<std::string> changes = changes_between(service.policy(), *policy);
  if (const auto done = service.reload(policy); !done) {
    made.outcome.text = done.error().text;
    made.said = fmt::format("{}; the configuration is unchanged", done.error().text);
    return made;
  }
  made.outcome.done = reloaded;
  made.outcome.text = changes.empty()
                          ? "nothing in it or its documents changed; the files that it names were read again"
                          : fmt::format("{}", fmt::join(changes, "\n"));
  made.said =
      changes.empty() ? "reloaded, without changes" : fmt::format("reloaded: {}", fmt::join(changes, "; "));
  return made;
}

// `asked`: the id of the command that asked for it; empty: SIGHUP.
void reload(Service& service, const std::string& path, std::string asked) {
  service.reopen_logs();
  Reloaded made = try_reload(service, path);
  made.outcome.reload = std::move(asked);
  tell_operator(made.said);
  service.report_reload(std::move(made.outcome));
}

// Load balancers see meanwhile that the server drains. A second SIGTERM or SIGINT ends the wait.
void wait_for_second(const sigset_t& signals, std::chrono::nanoseconds patience) {
  const auto ends = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = ends - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec rest{static_cast<std::time_t>(seconds.count()),
                        static_cast<long>((left - seconds).count())};
    const int signal = sigtimedwait(&signals, nullptr, &rest);
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

// Each address with what answers there.
std::string addresses(const policy::Listen& listen) {
  const auto url = [](std::string_view scheme, const policy::SocketAddress& at) {
    return fmt::format("{}://{}", scheme, net::Endpoint{at.address, at.port}.text());
  };
  std::string all = url("https", *listen.https);
  if (listen.http) {
    const bool redirects = listen.http_answer == policy::PlaintextAnswer::redirect;
    all += fmt::format(", {} ({})", url("http", *listen.http), redirects ? "redirects" : "refuses");
  }
  if (listen.admin) {
    const bool in_clear = listen.admin_access.certificate.value.empty();
    all += fmt::format(", {} (/health, /metrics)", url(in_clear ? "http" : "https", *listen.admin));
  }
  return all;
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
  tell_operator(fmt::format("{} operation{}, serving {}", policy->operations.size(),
                            policy->operations.size() == 1 ? "" : "s", addresses(policy->settings.listen)));
  // A reload that was asked for before the start is none of this process.
  std::string answered = (*service)->asked_reload();
  for (;;) {
    constexpr timespec kTick{0, 200'000'000};
    switch (sigtimedwait(&signals, nullptr, &kTick)) {
      case SIGHUP: reload(**service, path, {}); break;
      case SIGTERM:
      case SIGINT:
        tell_operator("draining");
        wait_for_second(signals, (*service)->announce_drain());
        (*service)->drain();
        return 0;
      default:
        if (std::string asked = (*service)->asked_reload(); asked != answered) {
          answered = asked;
          reload(**service, path, std::move(asked));
        }
        (*service)->watch_certificates();
        (*service)->take_over();
        break;
    }
  }
}

}  // namespace

void add_serve(CLI::App& program, int& status) {
  Command command(program, "serve", "Run the server. SIGHUP and `gatehouse reload` reload, SIGTERM drains.",
                  "gatehouse serve -c gatehouse.yaml");
  const auto path = std::make_shared<std::string>("gatehouse.yaml");
  command.option("-c,--config", *path, "The configuration");
  command.run(status, [path] { return serve(*path); });
}

}  // namespace gatehouse::app
