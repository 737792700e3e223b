// `gatehouse maintenance on|off|list`.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/instruction_table.h"
#include "app/load_policy.h"
#include "app/moment.h"
#include "app/store_session.h"
#include "base/utf8.h"
#include "policy/policy_set.h"

namespace gatehouse::app {
namespace {

using Kind = Instruction::Kind;

struct MaintenanceOptions {
  std::string config = "gatehouse.yaml";
  std::vector<std::string> operations;
  std::optional<std::string> until;
  std::string body;
  bool json = false;
};

// Those that name no operation of the configuration. None where it cannot be loaded: maintenance must be
// possible while it is being edited.
std::vector<std::string> unknown(const MaintenanceOptions& words) {
  Problems problems;
  const auto policy = load_policy(words.config, problems);
  std::vector<std::string> names;
  if (!policy) {
    fmt::print(stderr, "The names of the operations are not checked: {}.\n",
               count_of(problems, words.config));
    return names;
  }
  for (const std::string& pattern : words.operations) {
    const bool any = std::ranges::any_of(policy->operations, [&](const policy::Operation& operation) {
      return operation.built_in() == nullptr && names_operation(pattern, operation.name);
    });
    if (!any) names.push_back(printable(pattern));
  }
  return names;
}

int turn_on(MaintenanceOptions& words) {
  if (words.operations.empty()) words.operations.emplace_back("*");
  const WallTime now = SystemClock().wall();
  Instruction given;
  given.kind = Kind::maintenance;
  given.text = words.body;
  if (words.until) {
    given.until = parse_moment(*words.until, now, Direction::future);
    if (!given.until) {
      wrong_usage("--until",
                  fmt::format("must be a duration such as 2h, a time such as 06:00 or a date such as "
                              "2026-12-01T06:00, in UTC, not `{}`",
                              *words.until));
    }
    if (*given.until <= now) wrong_usage("--until", fmt::format("`{}` is past", *words.until));
  }
  if (const auto names = unknown(words); !names.empty()) {
    return fail(
        "maintenance",
        fmt::format("no operation is named `{}`; write an operationId, or the beginning of several and "
                    "`*`. Nothing has changed",
                    fmt::join(names, "`, `")));
  }
  return with_store("maintenance", words.config, Requires::its_store, [&](const StoreSession& store) {
    int status = 0;
    for (const std::string& operations : words.operations) {
      Instruction one = given;
      one.subject = operations;
      const auto done =
          store.finish(store.instructions.give(store.loop, StoreSession::until(), std::move(one)));
      if (!done) {
        return fail("maintenance",
                    fmt::format("`{}` is NOT in maintenance: {}", printable(operations), done.error().text));
      }
      status = std::max(status, store.status_of(*done));
    }
    if (status == 0) {
      fmt::print(stderr, "In maintenance: {}{}.\n",
                 printable(fmt::format("{}", fmt::join(words.operations, ", "))),
                 given.until ? ", until " + date_of(*given.until) : ", until `gatehouse maintenance off`");
    }
    return status;
  });
}

int turn_off(MaintenanceOptions& words) {
  return with_store("maintenance", words.config, Requires::its_store, [&](const StoreSession& store) {
    const auto all = store.finish(store.instructions.list(store.loop, StoreSession::until()));
    if (!all) return fail("maintenance", all.error().text);
    std::vector<std::string> present;
    for (const Instruction& one : *all) {
      if (one.kind == Kind::maintenance) present.push_back(one.subject);
    }
    const std::vector<std::string> wanted = words.operations.empty() ? present : words.operations;
    const std::string stated = store.settings.maintenance
                                   ? "; `maintenance` of the configuration holds until it is changed there"
                                   : "";
    for (const std::string& operations : wanted) {
      if (std::ranges::find(present, operations) != present.end()) continue;
      return fail(
          "maintenance",
          fmt::format("no command put `{}` in maintenance; there are: {}{}. Nothing has changed",
                      printable(operations),
                      present.empty() ? "none" : printable(fmt::format("{}", fmt::join(present, ", "))),
                      stated));
    }
    int status = 0;
    for (const std::string& operations : wanted) {
      const auto done = store.finish(
          store.instructions.take_back(store.loop, StoreSession::until(), Kind::maintenance, operations));
      if (!done) {
        return fail("maintenance", fmt::format("`{}` is still in maintenance: {}", printable(operations),
                                               done.error().text));
      }
      status = std::max(status, store.status_of(*done));
    }
    if (status != 0) return status;
    if (wanted.empty()) {
      fmt::print(stderr, "No command put anything in maintenance{}.\n", stated);
    } else {
      fmt::print(stderr, "Out of maintenance: {}{}.\n", printable(fmt::format("{}", fmt::join(wanted, ", "))),
                 stated);
    }
    return 0;
  });
}

int list(const MaintenanceOptions& words) {
  return with_store("maintenance", words.config, Requires::its_store, [&](const StoreSession& store) {
    return list_instructions(store, {Kind::maintenance}, words.json ? Listing::json : Listing::table);
  });
}

}  // namespace

void add_maintenance(CLI::App& program, int& status) {
  Command group(program, "maintenance", "Answer operations with 503 for a while, at once, on every server.",
                "gatehouse maintenance on 'billing*' --until 06:00 --body \"Back at six.\"");
  const auto words = std::make_shared<MaintenanceOptions>();
  const auto config = [&](Command& command) {
    command.option("-c,--config", words->config, "The configuration of the running server");
  };

  Command on(group, "on", "Put operations in maintenance", "gatehouse maintenance on getOrder --until 2h");
  config(on);
  on.option("operations", words->operations,
            "An operationId, or the beginning of several and `*`; all operations if none is named");
  on.option("--until", words->until, "When it ends: 2h, 06:00 or 2026-12-01T06:00, in UTC");
  on.option("--body", words->body, "The message of the answers");
  on.run(status, [words] { return turn_on(*words); });

  Command off(group, "off", "Take them out again", "gatehouse maintenance off getOrder");
  config(off);
  off.option("operations", words->operations,
             "As given to `on`; all that are in maintenance if none is named");
  off.run(status, [words] { return turn_off(*words); });

  Command listed(group, "list", "List what commands put in maintenance", "gatehouse maintenance list");
  config(listed);
  listed.flag("--json", words->json, "For programs");
  listed.run(status, [words] { return list(*words); });
}

}  // namespace gatehouse::app
