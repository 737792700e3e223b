#include "app/instruction_table.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/table.h"
#include "base/utf8.h"
#include "json/writer.h"

namespace gatehouse::app {
namespace {

std::string_view word_of(Instruction::Kind kind) {
  switch (kind) {
    case Instruction::Kind::block_address: return "address";
    case Instruction::Kind::block_principal: return "principal";
    case Instruction::Kind::maintenance: return "maintenance";
    case Instruction::Kind::reload: return "reload";
  }
  return {};
}

std::string end_of(const Instruction& one, WallTime now) {
  if (!one.until) return "taken back";
  return date_of(*one.until) + (*one.until <= now ? " (over)" : "");
}

void print_json(const Instruction& one) {
  std::string line = "{\"kind\":";
  const auto member = [&](std::string_view name, std::string_view value) {
    line += fmt::format(",\"{}\":", name);
    json::append_string(line, value);
  };
  json::append_string(line, word_of(one.kind));
  member("subject", one.subject);
  if (one.until) member("until", date_of(*one.until));
  if (!one.text.empty()) member("body", one.text);
  member("given", date_of(one.given));
  member("by", one.actor);
  fmt::print("{}}}\n", printable(line));
}

}  // namespace

std::string date_of(WallTime time) {
  return fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

int list_instructions(const StoreSession& store, std::initializer_list<Instruction::Kind> kinds,
                      Listing listing) {
  const auto all = store.finish(store.instructions.list(store.loop, StoreSession::until()));
  if (!all) return fail(store.command, all.error().text);
  const WallTime now = SystemClock().wall();
  Table table({{"KIND"}, {"SUBJECT"}, {"UNTIL"}, {"GIVEN"}, {"BY"}});
  bool any = false;
  for (const Instruction& one : *all) {
    if (std::ranges::find(kinds, one.kind) == kinds.end()) continue;
    any = true;
    if (listing == Listing::json) {
      print_json(one);
    } else {
      table.add(
          {std::string(word_of(one.kind)), one.subject, end_of(one, now), date_of(one.given), one.actor});
    }
  }
  if (listing == Listing::table && any) fmt::print("{}", table.take(Screen::standard_output()));
  if (!any) fmt::print(stderr, "No command gave any; the configuration may state others.\n");
  return 0;
}

}  // namespace gatehouse::app
