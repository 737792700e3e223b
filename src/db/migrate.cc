#include <fmt/format.h>

#include "db/connection_state.h"

namespace gatehouse::db {

namespace {

Result<std::size_t> version_of(Connection& connection, std::string_view component) {
  GATEHOUSE_TRY(Rows rows,
                connection.query("SELECT version FROM schema_versions WHERE component = ?", {component}));
  GATEHOUSE_TRY(const bool known, rows.next());
  return known ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

Result<bool> has_versions(Connection& connection) {
  GATEHOUSE_TRY(
      Rows rows,
      connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_versions'"));
  return rows.next();
}

}  // namespace

Result<> migrate(Connection& connection, std::string_view component, std::span<const Sql> steps) {
  // A database that is up to date is recognised without the lock: a reader does not wait for a writer.
  GATEHOUSE_TRY(const bool has_some, has_versions(connection));
  if (has_some) {
    GATEHOUSE_TRY(const std::size_t version, version_of(connection, component));
    if (version == steps.size()) return {};
  }
  // The lock is taken before the look that counts: of two processes that start at once the second finds the
  // work done.
  GATEHOUSE_TRY(Transaction transaction, Transaction::begin(connection, Transaction::Kind::write));
  GATEHOUSE_CHECK(
      connection.execute("CREATE TABLE IF NOT EXISTS schema_versions "
                         "(component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID"));
  GATEHOUSE_TRY(const std::size_t version, version_of(connection, component));
  if (version > steps.size()) {
    return failure(ErrorCode::conflict,
                   fmt::format("the tables of {} are of version {}; this program knows them up to {}",
                               component, version, steps.size()));
  }
  if (version == steps.size()) return transaction.commit();
  sqlite3* database = connection.state_->database.get();
  for (const Sql step : steps.subspan(version)) {
    if (sqlite3_exec(database, step.view().data(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      return std::unexpected(error_of(database, step.view()));
    }
  }
  GATEHOUSE_CHECK(
      connection.execute("INSERT INTO schema_versions VALUES (?, ?) "
                         "ON CONFLICT DO UPDATE SET version = excluded.version",
                         {component, static_cast<std::int64_t>(steps.size())}));
  return transaction.commit();
}

}  // namespace gatehouse::db
