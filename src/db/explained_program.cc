#include "db/explained_program.h"

#include <iterator>

#include "base/strings.h"
#include "db/connection_state.h"

namespace gatehouse::db {

namespace {

// Of the columns of a STRICT table that have a register in TypeCheck, which shows only the table's name.
std::string affinities_of(sqlite3* database, const std::string& table) {
  std::string affinities;
  const auto prepared = prepare(database, "SELECT type FROM pragma_table_xinfo(?1) WHERE hidden <> 2");
  if (!prepared) return affinities;
  sqlite3_stmt* const rows = prepared->get();
  bind(rows, 1, Parameter(table), SQLITE_STATIC);
  while (sqlite3_step(rows) == SQLITE_ROW) {
    const auto* type = reinterpret_cast<const char*>(sqlite3_column_text(rows, 0));
    const std::string_view name = type == nullptr ? "" : type;
    affinities += equal_ignoring_case(name, "TEXT")                                       ? 'B'
                  : equal_ignoring_case(name, "ANY") || equal_ignoring_case(name, "BLOB") ? 'A'
                                                                                          : 'C';
  }
  return affinities;
}

}  // namespace

std::vector<Instruction> explained_program(sqlite3* database, std::string_view text) {
  std::vector<Instruction> program;
  const auto explained = prepare(database, std::string("EXPLAIN ").append(text));
  if (!explained) return program;
  sqlite3_stmt* const rows = explained->get();
  const auto text_at = [&](int column) {
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(rows, column));
    return std::string(found == nullptr ? "" : found);
  };
  while (sqlite3_step(rows) == SQLITE_ROW && sqlite3_column_int(rows, 0) == std::ssize(program)) {
    program.push_back({text_at(1), sqlite3_column_int(rows, 2), sqlite3_column_int(rows, 3),
                       sqlite3_column_int(rows, 4), text_at(5), sqlite3_column_int(rows, 6)});
    if (program.back().opcode == "TypeCheck") program.back().p4 = affinities_of(database, program.back().p4);
  }
  return program;
}

}  // namespace gatehouse::db
