// The internals of a connection. Only for the files of this room.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include "base/text_map.h"
#include "db/connection.h"
#include "db/file_identity.h"

namespace gatehouse::db {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using OwnedDatabase = std::unique_ptr<sqlite3, CloseDatabase>;
using OwnedStatement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

struct Prepared {
  OwnedStatement statement;
  bool in_use = false;
};

struct StatementMeaning;

// A statement of a catalogue, compiled.
struct Fixed {
  OwnedStatement statement;
  // The meaning that it was compared with, and the version of the tables. SQLite compiles it anew after a
  // change of the tables.
  std::shared_ptr<const StatementMeaning> compared = nullptr;
  std::int64_t schema_version = 0;
  int compilations = 0;
};

struct Connection::State {
  OwnedDatabase database;
  OpenOptions options;
  std::chrono::milliseconds busy_timeout{};
  // The write-ahead log and its index, once both are open.
  std::optional<std::array<FileIdentity, 2>> log = std::nullopt;
  // Compiled statements: literals by their address, those of catalogues by their text, so that a reloaded
  // configuration finds the existing ones. Declared after the database: finalized before it is closed.
  std::unordered_map<const char*, Prepared> literals;
  TextMap<Fixed> fixed;
};

ErrorCode code_of(int status);
// The last error of `database`: its class and SQLite's extended code. SQLite's own sentence may quote a bound
// value (a search that it cannot read, a path into JSON), so it is not part of it.
Error error_of(sqlite3* database, std::string_view doing);
// SQLite's words for a status that says nothing of values.
std::string text_of_status(int status);
// On failure in SQLite's own words: they are about `text` alone, since nothing is bound yet.
Result<OwnedStatement> prepare(sqlite3* database, std::string_view text);
// Binds copies (`SQLITE_TRANSIENT`) or borrows (`SQLITE_STATIC`). Returns SQLite's status.
int bind(sqlite3_stmt* statement, int index, const Parameter& parameter, sqlite3_destructor_type keep);

}  // namespace gatehouse::db
