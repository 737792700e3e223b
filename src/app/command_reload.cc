// `gatehouse reload`.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/store_session.h"
#include "base/entropy.h"
#include "base/utf8.h"
#include "base/uuid.h"

namespace gatehouse::app {
namespace {

using store::ReloadOutcome;

constexpr std::chrono::milliseconds kReloadLook{50};
constexpr std::chrono::seconds kLongestReload{60};

// What a server says, on its own lines.
void print_outcome(const ReloadOutcome& one) {
  std::string text = printable(one.configuration) + ": ";
  const bool reloaded = one.done == ReloadOutcome::Done::reloaded;
  text += reloaded ? "reloaded\n" : "NOT reloaded, the configuration is unchanged\n";
  std::size_t begin = 0;
  while (begin < one.text.size()) {
    const std::size_t end = std::min(one.text.find('\n', begin), one.text.size());
    text += "  " + printable(one.text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  fmt::print(reloaded ? stdout : stderr, "{}", text);
}

int wait_for_outcomes(const StoreSession& store, const std::string& reload) {
  const auto ends = std::chrono::steady_clock::now() + kLongestReload;
  for (;;) {
    // The servers first: one that ends meanwhile has answered, or does not count any more.
    const auto servers = store.servers(std::chrono::milliseconds(0));
    if (!servers) return fail("reload", servers.error().text);
    const auto outcomes =
        store.finish(store.instructions.outcomes(store.loop, StoreSession::until(), reload));
    if (!outcomes) return fail("reload", outcomes.error().text);
    const bool late = std::chrono::steady_clock::now() >= ends;
    if (outcomes->size() < servers->running && !late) {
      std::this_thread::sleep_for(kReloadLook);
      continue;
    }
    for (const ReloadOutcome& one : *outcomes) print_outcome(one);
    if (outcomes->size() < servers->running) {
      return fail("reload",
                  fmt::format("{} of {} running servers did not say within {} s what they did",
                              servers->running - outcomes->size(), servers->running, kLongestReload.count()));
    }
    if (outcomes->empty()) return fail("reload", "the server ended before it had reloaded");
    const bool all = std::ranges::all_of(
        *outcomes, [](const ReloadOutcome& one) { return one.done == ReloadOutcome::Done::reloaded; });
    return all ? 0 : 1;
  }
}

int reload(const std::string& config) {
  return with_store("reload", config, Requires::its_store, [&](const StoreSession& store) {
    const auto servers = store.servers(std::chrono::milliseconds(0));
    if (!servers) return fail("reload", servers.error().text);
    if (servers->running == 0) {
      return fail("reload", fmt::format("no running server uses {}; check that -c names the configuration of "
                                        "the running server",
                                        store.store.path()));
    }
    SystemEntropy entropy;
    Instruction asked;
    asked.kind = Instruction::Kind::reload;
    asked.text = Uuid::v7(SystemClock().wall(), entropy).text();
    const std::string id = asked.text;
    const auto given =
        store.finish(store.instructions.give(store.loop, StoreSession::until(), std::move(asked)));
    if (!given) return fail("reload", fmt::format("nothing was reloaded: {}", given.error().text));
    if (!given->event) {
      fail("reload",
           fmt::format("the event of this command could not be recorded, and is noted in the store: {}",
                       given->event.error().text));
    }
    return wait_for_outcomes(store, id);
  });
}

}  // namespace

void add_reload(CLI::App& program, int& status) {
  Command command(
      program, "reload",
      "Let every running server read its configuration again, and print what changed or is wrong.",
      "gatehouse check -c gatehouse.yaml && gatehouse reload -c gatehouse.yaml");
  const auto config = std::make_shared<std::string>("gatehouse.yaml");
  command.option("-c,--config", *config, "The configuration of the running server");
  command.run(status, [config] { return reload(*config); });
}

}  // namespace gatehouse::app
