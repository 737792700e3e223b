// One SQLite database connection, opened defensively, and its operations.
//
// A connection belongs to one thread at a time. All calls block: workers reach it through the blocking pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "db/file_identity.h"
#include "db/sql.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gatehouse::db {

class RowSet;

enum class Access : std::uint8_t {
  create,      // read and write; the file is created (mode 0600) if it is missing
  read_write,  // it has to be there
  read_only,
};

// The failures that a commit survives. Both survive the death of the process.
enum class Durability : std::uint8_t {
  normal,  // the loss of power may undo the last commits, never half a commit
  full,    // a commit that returned is on the disk
};

struct OpenOptions {
  std::string path;  // or ":memory:"
  Access access = Access::create;
  Durability durability = Durability::full;
  std::chrono::milliseconds busy_timeout{5000};  // how long a writer waits for another writer, and open() too
  ByteCount longest = mebibytes(16);             // text, blob and row
};

// The rows of one run of a statement. Ends the run when it is destroyed. Must not outlive its connection.
class Rows {
 public:
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // Moves to the first or the next row; false behind the last one.
  Result<bool> next();

  // Columns of the current row, from 0. A value of another type is converted as SQLite's column functions do;
  // NULL is 0 or empty. Text and blobs are valid until next() or the end.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

  std::size_t columns() const;
  void append_to(RowSet& rows) const;  // the current row

 private:
  friend class Connection;
  Rows(sqlite3_stmt* statement, bool* in_use) : statement_(statement), in_use_(in_use) {}

  sqlite3_stmt* statement_;
  bool* in_use_;  // in the connection's cache; null when this run owns its statement
};

class Connection {
 public:
  // Write-ahead log, foreign keys, defensive mode, no trusted schema, no extensions, no attached databases,
  // bounded lengths, functions over texts that take linear time. Fails with `denied`, `not_found` or
  // `invalid` (not a database).
  static Result<Connection> open(const OpenOptions& options);

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // One statement; its rows, if it has any, are read to the end and dropped. Compiled statements are kept.
  // A violated constraint is `conflict`; a database that stayed locked is `unavailable` with Retry::yes.
  Result<> execute(Sql sql, std::initializer_list<Parameter> parameters = {});
  Result<Rows> query(Sql sql, std::initializer_list<Parameter> parameters = {}) {
    return query_with(sql, {parameters.begin(), parameters.size()});
  }
  // Parameters are `?`, in their order, or numbered: `$1`, `$2`.
  Result<Rows> query_with(Sql sql, std::span<const Parameter> parameters);

  std::string path() const;  // absolute; empty for :memory:
  // All zero for :memory:. `conflict` where the path names another file by now, or none.
  Result<FileIdentity> file() const;
  // Whether the write-ahead log and its index are still the files that this connection has open.
  // `unavailable` where one was removed or replaced: what is committed from then on is lost with the process,
  // and other processes do not see it. What was committed before is written into the database's file. Only
  // closing every connection of the process helps. Not within a transaction.
  Result<> check_log();
  // Opens the file that the path names by now, if it is another one, and says whether it is; else as
  // check_log(). `not_found` where there is none. No Rows of this connection may exist.
  Result<bool> use_file_in_place();
  std::int64_t last_insert_id() const;
  std::int64_t changed_rows() const;  // by the last INSERT, UPDATE or DELETE

  Result<> set_durability(Durability durability);
  void set_busy_timeout(std::chrono::milliseconds timeout);
  // Whether a transaction runs: some failures (a full disk) roll it back by themselves.
  bool in_transaction() const;

  // A number that changes when another connection, of this process or another, has committed a change.
  Result<std::int64_t> data_version();

  // Reads the whole database while others use it; `invalid` with the defect.
  Result<> check_integrity();

 private:
  friend class StatementCatalogue;
  friend class Run;
  friend Result<> migrate(Connection&, std::string_view, std::span<const Sql>);
  struct State;
  explicit Connection(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// Rolled back unless it was committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t {
    read,   // sees one state of the database
    write,  // holds the one write lock from the start, so that it cannot fail half-way for want of it
  };
  static Result<Transaction> begin(Connection& connection, Kind kind);

  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// Brings the tables of `component` from the version they have to version steps.size(), in one transaction:
// step i leads from version i to i + 1. Several components can share a file. A step may hold several
// statements. `conflict` when the file is newer than this program.
Result<> migrate(Connection& connection, std::string_view component, std::span<const Sql> steps);

}  // namespace gatehouse::db
