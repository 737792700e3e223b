#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/event_store.h"
#include "app/event_table.h"
#include "app/moment.h"
#include "audit/dropped_names.h"
#include "audit/event_fields.h"
#include "audit/query.h"
#include "base/units.h"
#include "base/utf8.h"
#include "json/document.h"
#include "json/parser.h"
#include "json/writer.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kRowsAtOnce = 500;  // of a table whose columns fit all of them
constexpr std::chrono::milliseconds kLook{100};

struct LogOptions {
  std::string config = "gatehouse.yaml";
  std::string since = "1d";
  std::optional<std::string> until;
  std::array<std::string, audit::kEventFieldCount> members;  // what is asked of each field; empty: nothing
  bool follow = false;
  bool dropped = false;
  bool json = false;
};

std::string option_of(std::size_t field) {
  return fmt::format("--{}", audit::kFieldFacts[field].filter.option);
}

audit::EventFilter with_members(audit::EventFilter filter, const LogOptions& words) {
  for (std::size_t i = 0; i < words.members.size(); ++i) {
    if (words.members[i].empty()) continue;
    auto member = audit::filter_by(audit::FieldName::at(i), words.members[i]);
    if (!member) wrong_usage(option_of(i).c_str(), member.error().text);
    filter.members.push_back(*std::move(member));
  }
  return filter;
}

audit::EventFilter filter_of(const LogOptions& words) {
  audit::EventFilter filter;
  filter.order = audit::EventOrder::of_time;
  const WallTime now = SystemClock().wall();
  const auto moment = [&](const char* option, const std::string& text) {
    const auto at = parse_moment(text, now, Direction::past);
    if (!at) {
      wrong_usage(option,
                  fmt::format("must be a duration such as 15m or 7d, a time such as 12:00, or a date such "
                              "as 2026-11-28T03:00, in UTC, not `{}`",
                              text));
    }
    return *at;
  };
  filter.since = moment("--since", words.since);
  if (!words.until) return with_members(std::move(filter), words);
  filter.until = moment("--until", *words.until);
  if (*filter.until <= *filter.since) wrong_usage("--until", "ends before --since begins");
  return with_members(std::move(filter), words);
}

std::string period_of(const LogOptions& words) {
  return words.until ? fmt::format("from {} to {}", words.since, *words.until)
                     : fmt::format("since {}", words.since);
}

// Prints the events that pass the filter, and moves the filter after all examined ones. Returns the number of
// printed lines.
Result<std::size_t> print_events(db::Connection& connection, audit::EventFilter& filter,
                                 const LogOptions& words, EventTable& table) {
  const Screen screen = Screen::standard_output();
  std::size_t count = 0;
  GATEHOUSE_TRY(filter.after, audit::read_events(connection, filter, [&](const audit::StoredEvent& event) {
                  ++count;
                  if (words.json) {
                    fmt::print("{}\n", printable(event.line));
                  } else {
                    table.add(event.line);
                    if (count % kRowsAtOnce == 0) fmt::print("{}", table.take(screen));
                  }
                  return true;
                }));
  fmt::print("{}", table.take(screen));
  std::fflush(stdout);
  return count;
}

// ---- --dropped ----

void print_json(const audit::DroppedName& one) {
  std::string line = "{\"operation\":";
  json::append_string(line, one.operation);
  line += ",\"name\":";
  json::append_string(line, one.name);
  line += fmt::format(",\"requests\":{},\"callers\":{},\"last\":", one.requests, one.callers);
  json::append_string(line, one.last);
  fmt::print("{}}}\n", printable(line));
}

void print_table(const std::vector<audit::DroppedName>& list) {
  Table table({{"OPERATION"},
               {"NAME"},
               {"REQUESTS", Column::Align::right, Column::Fit::whole},
               {"CALLERS", Column::Align::right, Column::Fit::whole},
               {"LAST (UTC)", Column::Align::left, Column::Fit::spare}});
  for (const audit::DroppedName& one : list) {
    const std::string more = one.callers == audit::DroppedNames::kMostCallers ? "+" : "";
    table.add({one.operation,
               one.name,
               std::to_string(one.requests),
               std::to_string(one.callers) + more,
               {seconds_of(one.last), Paint::faint}});
  }
  fmt::print("{}", table.take(Screen::standard_output()));
}

int print_dropped_names(const LogOptions& words, EventStore& store) {
  audit::EventFilter filter = filter_of(words);
  const auto names = count_dropped(store, filter);
  if (!names) return fail("log", names.error().text);
  const auto list = names->by_frequency();
  if (words.json) {
    for (const audit::DroppedName& one : list) print_json(one);
  } else if (!list.empty()) {
    print_table(list);
  }
  if (list.empty())
    fmt::print(stderr, "No event {} in {} lists a dropped name.\n", period_of(words), store.path);
  return 0;
}

// Until another process has written to the store.
Result<> wait_for_change(db::Connection& connection, std::int64_t& version) {
  for (;;) {
    GATEHOUSE_TRY(const std::int64_t now, connection.data_version());
    if (now != version) {
      version = now;
      return {};
    }
    std::this_thread::sleep_for(kLook);
  }
}

int run(const LogOptions& words) {
  if (words.until && words.follow) wrong_usage("--until", "ends a period, and --follow has no end");
  if (words.dropped && words.follow) wrong_usage("--dropped", "counts a period and cannot follow");
  audit::EventFilter filter = filter_of(words);
  auto store = open_event_store(words.config);
  if (!store) return fail("log", store.error().text);
  if (words.dropped) return print_dropped_names(words, *store);
  EventTable table;
  // The version first: an event that is written between reading and waiting is then seen at once.
  auto version = store->connection.data_version();
  if (!version) return fail("log", version.error().text);
  auto printed = print_events(store->connection, filter, words, table);
  if (!printed) return fail("log", printed.error().text);
  if (!words.follow) {
    if (*printed == 0) fmt::print(stderr, "No event {} in {} matches.\n", period_of(words), store->path);
    return 0;
  }
  for (;;) {
    if (const auto waited = wait_for_change(store->connection, *version); !waited)
      return fail("log", waited.error().text);
    if (printed = print_events(store->connection, filter, words, table); !printed)
      return fail("log", printed.error().text);
  }
}

}  // namespace

void add_log(CLI::App& program, int& status) {
  Command command(program, "log", "Print the recorded events, oldest first.",
                  "gatehouse log --since 1h --outcome refused --user partner:acme");
  const auto words = std::make_shared<LogOptions>();
  command.option("-c,--config", words->config, "The configuration that names the store");
  command.option("--since", words->since, "Its begin: 15m or 7d ago, 12:00 or 2026-11-28T03:00 in UTC");
  command.option("--until", words->until, "Its end, in the same forms; the present if it is not given");
  for (std::size_t i = 0; i < audit::kEventFieldCount; ++i) {
    const audit::Filter& filter = audit::kFieldFacts[i].filter;
    if (!filter.option.empty())
      command.option(option_of(i).c_str(), words->members[i], std::string(filter.help).c_str());
  }
  command.flag("-f,--follow", words->follow, "Continue with new events, until Ctrl-C");
  command.flag("--dropped", words->dropped,
               "Count the names of dropped fields and cookies instead, for each operation");
  command.flag("--json", words->json, "For programs: the events as recorded, one per line");
  command.run(status, [words] { return run(*words); });
}

}  // namespace gatehouse::app
