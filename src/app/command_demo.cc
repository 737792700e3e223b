#include <charconv>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/demo/files.h"
#include "app/demo_desk.h"
#include "app/event_store.h"
#include "app/event_table.h"
#include "app/load_policy.h"
#include "app/service.h"
#include "app/signals.h"
#include "audit/query.h"

namespace gatehouse::app {
namespace {

struct DemoOptions {
  std::string port;
  std::string keep;
};

// ---- the tour ----

std::string filled(std::string text, std::initializer_list<std::pair<std::string_view, std::string>> values) {
  for (const auto& [name, value] : values) {
    const std::string place = fmt::format("{{{{{}}}}}", name);
    for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size())) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

// `# a heading`, and `  404  what it shows` in the colour of its status. Lines to be pasted stand as they
// are.
std::string painted_line(std::string_view line, const Screen& screen) {
  if (line.starts_with("# ")) return painted(line.substr(2), Paint::strong, screen);
  const bool status = line.size() > 5 && line.starts_with("  ") && line[2] >= '2' && line[2] <= '5';
  if (!status) return std::string(line);
  const Paint paint = line[2] <= '3' ? Paint::green : line[2] == '4' ? Paint::yellow : Paint::red;
  const auto end = line.find("  ", 2);
  return fmt::format("  {}{}", painted(line.substr(2, end - 2), paint, screen), line.substr(end));
}

void print_tour(const DemoFolder& folder, const DemoPorts& ports, const DemoTokens& tokens,
                const DemoKey& key) {
  const std::string tour =
      filled(demo::tour_txt, {{"DIR", folder.path().string()},
                              {"STAY", folder.stays() ? "" : " while the demo runs"},
                              {"LEAVES", folder.stays() ? "; the files stay" : " and removes its files"},
                              {"URL", fmt::format("https://localhost:{}", ports.https)},
                              {"HTTP", fmt::to_string(ports.http)},
                              {"ADMIN", fmt::to_string(ports.admin)},
                              {"ACME", std::string(key.text.reveal())},
                              {"ACME_ID", key.id},
                              {"ADA", std::string(tokens.clerk.reveal())},
                              {"GRACE", std::string(tokens.administrator.reveal())},
                              {"OLD", std::string(tokens.expired.reveal())},
                              {"BINARY", std::filesystem::read_symlink("/proc/self/exe").string()}});
  const Screen screen = Screen::standard_output();
  for (std::string_view rest = tour; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1);
    fmt::print("{}\n", painted_line(rest.substr(0, end), screen));
    rest.remove_prefix(end + 1);
  }
  std::fflush(stdout);
}

// ---- running ----

// Shows events as they come, until a signal.
Result<> watch(EventStore store, const sigset_t& signals) {
  constexpr timespec kLook{0, 100'000'000};
  EventTable table;
  audit::EventFilter filter;
  const Screen screen = Screen::standard_output();
  while (sigtimedwait(&signals, nullptr, &kLook) < 0) {
    GATEHOUSE_TRY(filter.after,
                  audit::read_events(store.connection, filter, [&](const audit::StoredEvent& event) {
                    table.add(event.line);
                    return true;
                  }));
    fmt::print("{}", table.take(screen));
    std::fflush(stdout);
  }
  return {};
}

// Until a signal; the service has ended when this returns.
int serve_desk(const DemoFolder& folder, const DemoPorts& ports, const sigset_t& signals) {
  const auto tokens = furnish(folder, ports);
  if (!tokens) return fail("demo", tokens.error().text);
  const std::string config = folder.path("gatehouse.yaml");
  const auto policy = load_policy(config, "nothing was started");
  if (!policy) return 1;
  const auto key = make_partner_key(*policy);
  if (!key) return fail("demo", key.error().text);
  auto service = Service::start(policy);
  if (!service) return fail("demo", service.error().text);
  auto store = open_event_store(config);
  if (!store) return fail("demo", store.error().text);

  print_tour(folder, ports, *tokens, *key);
  const auto watched = watch(*std::move(store), signals);
  (*service)->drain();
  return watched ? 0 : fail("demo", watched.error().text);
}

// 0 where none is asked for.
std::uint16_t port_of(const std::string& text) {
  std::uint16_t port = 0;
  if (text.empty()) return port;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || port == 0) {
    wrong_usage("--port", "must be a number from 1 to 65535");
  }
  return port;
}

int run(const DemoOptions& words) {
  const std::uint16_t port = port_of(words.port);
  // The demo removes its folder however it ends, so it waits for each of these.
  const sigset_t signals = block_signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  const auto ports = choose_ports(port);
  if (!ports) return fail("demo", ports.error().text);
  const auto folder = DemoFolder::make(words.keep);
  if (!folder) return fail("demo", folder.error().text);
  return serve_desk(*folder, *ports, signals);
}

}  // namespace

void add_demo(CLI::App& program, int& status) {
  Command command(program, "demo", "Run a secured sample API, and print curl lines that try every gate.",
                  "gatehouse demo");
  const auto words = std::make_shared<DemoOptions>();
  command.option("--port", words->port,
                 "The port to listen on (default: 8443, or a free one if that is taken)");
  command.option("--keep", words->keep, "Write its files into this new folder and keep them");
  command.run(status, [words] { return run(*words); });
}

}  // namespace gatehouse::app
