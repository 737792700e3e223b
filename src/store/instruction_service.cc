#include "store/instruction_service.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/ip.h"
#include "base/utf8.h"
#include "db/store.h"

namespace gatehouse::store {
namespace {

using Kind = Instruction::Kind;

constexpr std::size_t kLongestText = 1000;
constexpr std::size_t kMostOutcomes = 1000;

// How a kind stands in its rows, and the events of its changes.
struct KindNames {
  Kind kind;
  std::string_view row, given, taken_back;
};
constexpr std::array kKinds = {
    KindNames{Kind::block_address, "block.address", "block.address", "unblock.address"},
    KindNames{Kind::block_principal, "block.principal", "block.principal", "unblock.principal"},
    KindNames{Kind::maintenance, "maintenance", "maintenance.on", "maintenance.off"},
    KindNames{Kind::reload, "reload", "reload", "reload"},
};

const KindNames& names_of(Kind kind) { return *std::ranges::find(kKinds, kind, &KindNames::kind); }

bool is_clean(std::string_view text) {
  return text.size() <= kLongestText && is_utf8(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<> check_instruction(const Instruction& one) {
  if (!is_clean(one.subject) || !is_clean(one.text)) {
    return failure(ErrorCode::invalid,
                   fmt::format("a name and a text have at most {} bytes of UTF-8, and no control characters",
                               kLongestText));
  }
  if (one.subject.empty() && one.kind != Kind::reload)
    return failure(ErrorCode::invalid, "an empty name is no address, principal or operation");
  if (one.kind == Kind::block_address && !IpNetwork::parse(one.subject))
    return failure(ErrorCode::invalid, fmt::format("`{}` is not an address or network", one.subject));
  return {};
}

net::Task<Result<>> write_instruction(db::Session& session, Instruction one, ChangeNote note) {
  const db::Parameter key[] = {names_of(one.kind).row, one.subject};
  auto counted = co_await session.run(
      "SELECT count(*) FROM gatehouse_instructions WHERE NOT (kind = $1 AND subject = $2)", key);
  GATEHOUSE_CO_CHECK(counted);
  if ((*counted)[0].integer(0) >= static_cast<std::int64_t>(kMostInstructions)) {
    co_return failure(ErrorCode::conflict,
                      fmt::format("there are {} instructions already; take some back, or write the addresses "
                                  "into the file that `blocked.addresses` names",
                                  kMostInstructions));
  }
  std::optional<std::int64_t> end;
  if (one.until) end = nanoseconds_of(*one.until);
  const db::Parameter values[] = {names_of(one.kind).row,    one.subject, end, one.text,
                                  nanoseconds_of(one.given), one.actor};
  auto rows = co_await session.run(
      "INSERT INTO gatehouse_instructions (kind, subject, until, text, given, actor) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, subject) DO UPDATE SET until = excluded.until, "
      "text = excluded.text, given = excluded.given, actor = excluded.actor",
      values);
  GATEHOUSE_CO_CHECK(rows);
  Result<> noted = co_await write_note(session, std::move(note));
  co_return noted;
}

net::Task<Result<>> remove_instruction(db::Session& session, Kind kind, std::string subject,
                                       ChangeNote note) {
  const db::Parameter values[] = {names_of(kind).row, subject};
  auto rows =
      co_await session.run("DELETE FROM gatehouse_instructions WHERE kind = $1 AND subject = $2", values);
  GATEHOUSE_CO_CHECK(rows);
  if (rows->changed == 0) co_return failure(ErrorCode::not_found, "there is none");
  Result<> noted = co_await write_note(session, std::move(note));
  co_return noted;
}

net::Task<Result<>> write_outcome(db::Session& session, ReloadOutcome outcome) {
  const db::Parameter others[] = {outcome.reload};
  auto rows = co_await session.run("DELETE FROM gatehouse_reloads WHERE id <> $1", others);
  GATEHOUSE_CO_CHECK(rows);
  const std::int64_t done = outcome.done == ReloadOutcome::Done::reloaded ? 1 : 0;
  const db::Parameter values[] = {outcome.reload, outcome.server, done, outcome.configuration, outcome.text};
  rows = co_await session.run(
      "INSERT INTO gatehouse_reloads (id, server, done, configuration, text) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT DO NOTHING",
      values);
  GATEHOUSE_CO_CHECK(rows);
  co_return Result<>{};
}

net::Task<Result<std::vector<ReloadOutcome>>> read_outcomes(db::Session& session, std::string reload) {
  const db::Parameter values[] = {reload, static_cast<std::int64_t>(kMostOutcomes)};
  auto rows = co_await session.run(
      "SELECT server, done, configuration, text FROM gatehouse_reloads WHERE id = $1 ORDER BY server LIMIT "
      "$2",
      values);
  GATEHOUSE_CO_CHECK(rows);
  std::vector<ReloadOutcome> outcomes;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const db::RowSet::Row row = (*rows)[i];
    ReloadOutcome& one = outcomes.emplace_back();
    one.reload = reload;
    one.server = row.bytes(0);
    one.done = row.integer(1) == 1 ? ReloadOutcome::Done::reloaded : ReloadOutcome::Done::refused;
    one.configuration = row.bytes(2);
    one.text = row.bytes(3);
  }
  co_return outcomes;
}

}  // namespace

net::Task<Result<std::vector<Instruction>>> read_instructions(db::Session& session) {
  const db::Parameter values[] = {static_cast<std::int64_t>(kMostInstructions)};
  auto rows = co_await session.run(
      "SELECT kind, subject, until, text, given, actor FROM gatehouse_instructions ORDER BY kind, subject "
      "LIMIT $1",
      values);
  GATEHOUSE_CO_CHECK(rows);
  std::vector<Instruction> all;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const db::RowSet::Row row = (*rows)[i];
    const auto names = std::ranges::find(kKinds, row.bytes(0), &KindNames::row);
    if (names == kKinds.end()) continue;  // of a later version
    Instruction& one = all.emplace_back();
    one.kind = names->kind;
    one.subject = row.bytes(1);
    if (!row.is_null(2)) one.until = wall_time_from_nanoseconds(row.integer(2));
    one.text = row.bytes(3);
    one.given = wall_time_from_nanoseconds(row.integer(4));
    one.actor = row.bytes(5);
  }
  co_return all;
}

net::Task<Result<Recorded>> InstructionService::give(net::Loop& loop, MonotonicTime until,
                                                     Instruction instruction) {
  GATEHOUSE_CO_CHECK(check_instruction(instruction));
  instruction.given = clock_.wall();
  instruction.actor = recorder_.actor().id;
  const bool is_reload = instruction.kind == Kind::reload;
  ChangeNote note =
      recorder_.note_of(names_of(instruction.kind).given, is_reload ? instruction.text : instruction.subject,
                        is_reload ? std::string() : instruction.text);
  db::Work<void> work = [instruction = std::move(instruction), note](db::Session& session) {
    return write_instruction(session, instruction, note);
  };
  const Result<> done = co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  GATEHOUSE_CO_CHECK(done);
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return Recorded{std::move(event)};
}

net::Task<Result<Recorded>> InstructionService::take_back(net::Loop& loop, MonotonicTime until, Kind kind,
                                                          std::string subject) {
  ChangeNote note = recorder_.note_of(names_of(kind).taken_back, subject);
  db::Work<void> work = [kind, subject = std::move(subject), note](db::Session& session) {
    return remove_instruction(session, kind, subject, note);
  };
  const Result<> done = co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  GATEHOUSE_CO_CHECK(done);
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return Recorded{std::move(event)};
}

net::Task<Result<std::vector<Instruction>>> InstructionService::list(net::Loop& loop, MonotonicTime until) {
  return store_.transact<std::vector<Instruction>>(loop, db::Store::Mode::read, until, read_instructions);
}

net::Task<Result<>> InstructionService::report(net::Loop& loop, MonotonicTime until, ReloadOutcome outcome) {
  db::Work<void> work = [outcome = std::move(outcome)](db::Session& session) {
    return write_outcome(session, outcome);
  };
  const Result<> done = co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  co_return done;
}

net::Task<Result<std::vector<ReloadOutcome>>> InstructionService::outcomes(net::Loop& loop,
                                                                           MonotonicTime until,
                                                                           std::string reload) {
  db::Work<std::vector<ReloadOutcome>> work = [reload = std::move(reload)](db::Session& session) {
    return read_outcomes(session, reload);
  };
  auto read = co_await store_.transact<std::vector<ReloadOutcome>>(loop, db::Store::Mode::read, until,
                                                                   std::move(work));
  co_return read;
}

}  // namespace gatehouse::store
