#include "db/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/connection_state.h"
#include "db/row_set.h"
#include "db/text_functions.h"

namespace gatehouse::db {

namespace {

constexpr std::chrono::milliseconds kBusyPause{20};

Result<> run_literal(sqlite3* database, Sql sql) {
  if (sqlite3_exec(database, sql.view().data(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(error_of(database, sql.view()));
  }
  return {};
}

// SQLite would make the file readable by all; this one holds the hashes of keys. The log and the index beside
// it inherit the mode.
Result<> make_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  if (errno == EEXIST) return {};
  return failure(errno == ENOENT ? ErrorCode::not_found : ErrorCode::denied,
                 fmt::format("cannot create {}: {}", path, std::generic_category().message(errno)));
}

// Only these modules have been examined: for the time of a search (FTS3 and FTS4 have no bound), and for
// conversions to numbers (R*Tree converts every text). A table of another module does not compile.
Result<> keep_known_modules(sqlite3* database) {
  const char* known[] = {"fts5", "json_each", "json_tree", nullptr};
  if (sqlite3_drop_modules(database, known) != SQLITE_OK)
    return failure(ErrorCode::internal, "SQLite did not remove its modules of virtual tables");
  return {};
}

Result<> defend(sqlite3* database, ByteCount longest) {
  const std::pair<int, int> settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
  };
  for (const auto& [setting, value] : settings) {
    int now = -1;
    if (sqlite3_db_config(database, setting, value, &now) != SQLITE_OK || now != value) {
      return failure(ErrorCode::internal, fmt::format("SQLite did not accept its setting {}", setting));
    }
  }
  const std::pair<int, int> limits[] = {
      {SQLITE_LIMIT_LENGTH, static_cast<int>(longest.bytes)},
      {SQLITE_LIMIT_SQL_LENGTH, 64 << 10},
      {SQLITE_LIMIT_ATTACHED, 0},
      {SQLITE_LIMIT_VARIABLE_NUMBER, 250},
      {SQLITE_LIMIT_EXPR_DEPTH, 200},
      {SQLITE_LIMIT_COLUMN, 500},
      {SQLITE_LIMIT_COMPOUND_SELECT, 50},
      {SQLITE_LIMIT_TRIGGER_DEPTH, 20},
      {SQLITE_LIMIT_VDBE_OP, 100'000},
      {SQLITE_LIMIT_WORKER_THREADS, 0},
      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256},
  };
  for (const auto& [limit, value] : limits) sqlite3_limit(database, limit, value);
  if (use_linear_text_functions(database) != SQLITE_OK)
    return failure(ErrorCode::internal, "SQLite did not accept functions");
  return keep_known_modules(database);
}

// Two processes that open a new file at once both want to switch it, which SQLite does not wait for.
Result<> use_write_ahead_log(sqlite3* database, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto switched = run_literal(database, "PRAGMA journal_mode = WAL");
    const bool again = !switched && switched.error().retry == Retry::yes;
    if (!again || std::chrono::steady_clock::now() >= end) return switched;
    sqlite3_sleep(static_cast<int>(kBusyPause.count()));
  }
}

}  // namespace

ErrorCode code_of(int status) {
  switch (status & 0xff) {
    case SQLITE_CONSTRAINT: return ErrorCode::conflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR: return ErrorCode::unavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN: return ErrorCode::denied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: return ErrorCode::invalid;
    case SQLITE_INTERRUPT: return ErrorCode::timeout;
    case SQLITE_TOOBIG: return ErrorCode::too_large;
    default: return ErrorCode::internal;
  }
}

namespace {

Error error_with(int status, std::string_view words, std::string_view doing) {
  const int primary = status & 0xff;
  return {code_of(status), fmt::format("{}, in: {}", words, doing),
          primary == SQLITE_BUSY || primary == SQLITE_LOCKED ? Retry::yes : Retry::no};
}

}  // namespace

std::string text_of_status(int status) {
  return fmt::format("{} (SQLite {})", sqlite3_errstr(status), status);
}

Error error_of(sqlite3* database, std::string_view doing) {
  const int status = sqlite3_extended_errcode(database);
  return error_with(status, text_of_status(status), doing);
}

Result<OwnedStatement> prepare(sqlite3* database, std::string_view text) {
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v3(database, text.data(), static_cast<int>(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (status != SQLITE_OK) return std::unexpected(error_with(status, sqlite3_errmsg(database), text));
  return OwnedStatement(statement);
}

int bind(sqlite3_stmt* statement, int index, const Parameter& parameter, sqlite3_destructor_type keep) {
  struct Visitor {
    sqlite3_stmt* statement;
    int index;
    sqlite3_destructor_type keep;
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
    int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
    int operator()(double value) const { return sqlite3_bind_double(statement, index, value); }
    int operator()(std::string_view text) const {
      return sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(), text.size(),
                                 keep, SQLITE_UTF8);
    }
    int operator()(Blob blob) const {
      return sqlite3_bind_blob64(statement, index, blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                                 blob.bytes.size(), keep);
    }
  };
  return std::visit(Visitor{statement, index, keep}, parameter.value());
}

// Which value a parameter takes, from 1: `$7` takes the seventh, wherever it stands.
static std::size_t number_of(sqlite3_stmt* statement, int place) {
  const char* const name = sqlite3_bind_parameter_name(statement, place);
  if (name == nullptr || name[0] == '?') return static_cast<std::size_t>(place);
  const std::string_view digits(name + 1);
  std::size_t number = 0;  // 0: the name is not a number
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// ---- Rows ----

Rows::Rows(Rows&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), in_use_(std::exchange(other.in_use_, nullptr)) {}

Rows::~Rows() {
  if (statement_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  *in_use_ = false;
}

Result<bool> Rows::next() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return std::unexpected(error_of(sqlite3_db_handle(statement_), sqlite3_sql(statement_)));
  }
}

bool Rows::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Rows::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Rows::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Rows::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::string_view Rows::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::size_t Rows::columns() const { return static_cast<std::size_t>(sqlite3_column_count(statement_)); }
void Rows::append_to(RowSet& rows) const {
  for (int column = 0; column < sqlite3_column_count(statement_); ++column) {
    switch (sqlite3_column_type(statement_, column)) {
      case SQLITE_NULL: rows.add_null(); break;
      case SQLITE_INTEGER: rows.add_integer(integer(column)); break;
      case SQLITE_FLOAT: rows.add_real(real(column)); break;
      case SQLITE_BLOB: rows.add_bytes(blob(column)); break;
      default: rows.add_bytes(text(column)); break;
    }
  }
}

// ---- Connection ----

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const OpenOptions& options) {
  const bool in_memory = options.path == ":memory:";
  if (options.access == Access::create && !in_memory) GATEHOUSE_CHECK(make_private(options.path));
  const int flags = (options.access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

  auto state = std::make_unique<State>();
  sqlite3* database = nullptr;
  const int status = sqlite3_open_v2(options.path.c_str(), &database, flags, nullptr);
  state->database.reset(database);
  if (status != SQLITE_OK) {
    const bool missing = options.access != Access::create && ::access(options.path.c_str(), F_OK) != 0;
    return failure(missing ? ErrorCode::not_found : code_of(status),
                   fmt::format("cannot open {}: {}", options.path, sqlite3_errstr(status)));
  }
  state->options = options;
  state->busy_timeout = options.busy_timeout;
  sqlite3_busy_timeout(database, static_cast<int>(options.busy_timeout.count()));
  GATEHOUSE_CHECK(defend(database, options.longest));
  if (options.access != Access::read_only)
    GATEHOUSE_CHECK(use_write_ahead_log(database, options.busy_timeout));
  GATEHOUSE_CHECK(run_literal(database,
                              "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
                              "PRAGMA secure_delete = FAST; SELECT count(*) FROM sqlite_schema"));
  Connection connection(std::move(state));
  GATEHOUSE_CHECK(connection.set_durability(options.durability));
  return connection;
}

Result<Rows> Connection::query_with(Sql sql, std::span<const Parameter> parameters) {
  sqlite3* database = state_->database.get();
  Prepared& kept = state_->literals[sql.view().data()];
  if (!kept.statement) {
    GATEHOUSE_TRY(kept.statement, prepare(database, sql.view()));
  }
  OwnedStatement own;  // the kept one is in the middle of a run
  if (kept.in_use) {
    GATEHOUSE_TRY(own, prepare(database, sql.view()));
  }
  const bool first_run = !kept.in_use;
  sqlite3_stmt* statement = first_run ? kept.statement.get() : own.release();
  kept.in_use = true;
  Rows rows(statement, first_run ? &kept.in_use : nullptr);
  const int places = sqlite3_bind_parameter_count(statement);
  std::size_t bound = 0;
  for (int place = 1; place <= places; ++place) {
    const std::size_t number = number_of(statement, place);
    bound = std::max(bound, number);
    if (number == 0 || number > parameters.size()) {
      bound = parameters.size() + 1;
      break;
    }
    if (bind(statement, place, parameters[number - 1], SQLITE_TRANSIENT) != SQLITE_OK) {
      return std::unexpected(error_of(database, sql.view()));
    }
  }
  if (bound != parameters.size()) {
    return failure(ErrorCode::internal,
                   fmt::format("{} values are bound to: {}", parameters.size(), sql.view()));
  }
  return rows;
}

Result<> Connection::execute(Sql sql, std::initializer_list<Parameter> parameters) {
  GATEHOUSE_TRY(Rows rows, query(sql, parameters));
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) return {};
  }
}

std::string Connection::path() const {
  const char* const path = sqlite3_db_filename(state_->database.get(), "main");
  return path == nullptr ? std::string() : path;
}
Result<FileIdentity> Connection::file() const {
  const std::string name = path();
  if (name.empty()) return FileIdentity{};
  int moved = 0;
  struct stat status{};
  if (sqlite3_file_control(state_->database.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
      moved != 0 || ::stat(name.c_str(), &status) != 0) {
    return failure(ErrorCode::conflict, fmt::format("{} is not the file that was opened", name));
  }
  return FileIdentity{status.st_dev, status.st_ino};
}
namespace {

constexpr std::array<std::string_view, 2> kLogFiles = {"-wal", "-shm"};

// Nothing where one of them is missing.
std::optional<std::array<FileIdentity, 2>> log_files_of(const std::string& name) {
  std::array<FileIdentity, 2> files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    struct stat status{};
    if (::stat(std::string(name).append(kLogFiles[i]).c_str(), &status) != 0) return std::nullopt;
    files[i] = {status.st_dev, status.st_ino};
  }
  return files;
}

}  // namespace

Result<> Connection::check_log() {
  const std::string name = path();
  if (name.empty()) return {};
  const auto there = log_files_of(name);
  if (!state_->log) {
    if (!there) return {};
    // After a read this connection has both open, so that no process that closes its own removes them.
    GATEHOUSE_CHECK(run_literal(state_->database.get(), "SELECT 1 FROM sqlite_schema"));
    state_->log = log_files_of(name);
    return {};
  }
  if (there == state_->log) return {};
  // Not where there is another one: the index that both share may be about that one.
  if (!there) {
    sqlite3_wal_checkpoint_v2(state_->database.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
  return failure(ErrorCode::unavailable,
                 fmt::format("{0}-wal or {0}-shm was removed or replaced; restart the server", name));
}

Result<bool> Connection::use_file_in_place() {
  if (file()) {
    GATEHOUSE_CHECK(check_log());
    return false;
  }
  OpenOptions options = state_->options;
  options.path = path();
  options.access = options.access == Access::read_only ? Access::read_only : Access::read_write;
  auto there = open(options);
  if (!there) {
    there.error().retry = Retry::yes;
    return std::unexpected(std::move(there).error());
  }
  *this = *std::move(there);
  return true;
}
std::int64_t Connection::last_insert_id() const { return sqlite3_last_insert_rowid(state_->database.get()); }
std::int64_t Connection::changed_rows() const { return sqlite3_changes64(state_->database.get()); }

Result<> Connection::set_durability(Durability durability) {
  return durability == Durability::full ? run_literal(state_->database.get(), "PRAGMA synchronous = FULL")
                                        : run_literal(state_->database.get(), "PRAGMA synchronous = NORMAL");
}

void Connection::set_busy_timeout(std::chrono::milliseconds timeout) {
  if (timeout == state_->busy_timeout) return;
  state_->busy_timeout = timeout;
  sqlite3_busy_timeout(state_->database.get(), static_cast<int>(timeout.count()));
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(state_->database.get()) == 0; }

Result<std::int64_t> Connection::data_version() {
  GATEHOUSE_TRY(Rows rows, query("PRAGMA data_version"));
  GATEHOUSE_TRY(const bool there, rows.next());
  if (!there) return failure(ErrorCode::internal, "SQLite returned no data_version");
  return rows.integer(0);
}

Result<> Connection::check_integrity() {
  std::string found;
  GATEHOUSE_TRY(Rows rows, query("SELECT * FROM pragma_quick_check UNION ALL "
                                 "SELECT 'a row of ' || \"table\" || ' names a missing row of ' || parent "
                                 "FROM pragma_foreign_key_check"));
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) break;
    if (rows.text(0) == "ok") continue;
    found += found.empty() ? "" : "; ";
    found += rows.text(0);
  }
  if (!found.empty()) return failure(ErrorCode::invalid, std::move(found));
  return {};
}

// ---- Transaction ----

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
  if (kind == Kind::write) {
    GATEHOUSE_CHECK(connection.execute("BEGIN IMMEDIATE"));
  } else {
    GATEHOUSE_CHECK(connection.execute("BEGIN"));
  }
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // Some failures (a full disk) have rolled back already; then an error of ROLLBACK does not matter.
  if (connection_ != nullptr) static_cast<void>(connection_->execute("ROLLBACK"));
}

Result<> Transaction::commit() {
  GATEHOUSE_CHECK(connection_->execute("COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace gatehouse::db
