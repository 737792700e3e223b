// The catalogue: the only way by which the text of a statement from the configuration reaches the database. A
// statement is parsed, checked and prepared when the configuration is loaded; afterwards only values are
// bound to it. No value can change the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "db/connection.h"
#include "db/run_handle.h"
#include "json/document.h"

namespace gatehouse::db {

// `:path.id`, `:body.customer.name`, `:query."page-size"`: a source and at least one name in it. A name that
// is not an identifier is written in double quotes.
struct ParameterName {
  std::vector<std::string> path;  // {"body", "customer", "name"}
  std::size_t offset = 0;         // of its first use, in bytes of the configured text
  std::string text() const;       // "body.customer.name"
  bool operator==(const ParameterName& other) const { return path == other.path; }
};

struct Column {
  std::string name;
  std::string declared_type;  // as in CREATE TABLE; empty for an expression
  bool operator==(const Column& other) const = default;
};

enum class Effect : std::uint8_t { reads, writes };

// The use of a text that is bound to a parameter.
enum class ParameterUse : std::uint8_t {
  as_written,
  as_number,       // SQLite takes it for a number: a text that reads as one is one, "5e1" as well as "50"
  as_json_number,  // a number that a JSON function reads out of it is compared with something
};

// The longest text, blob or row in statements of the configuration: SQLite does not interrupt a function, so
// the bound of its input bounds its time.
inline constexpr ByteCount kLongestOfStatements = mebibytes(1);

struct CatalogueRules {
  // Tables whose names begin so cannot be named: the server's own, where they share the file. Empty: none.
  std::string reserved_prefix;
};

struct StatementMeaning;  // db/statement_check.h

// A statement that was checked. Immutable; owned by its StatementCatalogue, shared by all threads.
class FixedStatement {
 public:
  FixedStatement(FixedStatement&&) noexcept;
  ~FixedStatement();
  // In the order in which values are bound; each name once.
  const std::vector<ParameterName>& parameters() const { return parameters_; }
  const std::vector<Column>& columns() const;  // empty: it gives no rows
  Effect effect() const;
  ParameterUse use_of(std::size_t parameter) const;
  // Whether it looks through texts, row by row or in an index of words: its cost grows with the table.
  bool searches() const;

 private:
  friend class StatementCatalogue;
  friend class Run;
  FixedStatement();

  std::string text_;  // as prepared: every name replaced by its number, at the same offset
  std::vector<ParameterName> parameters_;
  std::vector<std::string> member_heads_;  // `"name":` for every column, escaped
  std::shared_ptr<const StatementMeaning>
      meaning_;  // when it was checked; connections compare theirs with it
  std::shared_ptr<const CatalogueRules> rules_;
};

struct CatalogueProblem {
  std::size_t offset = 0;  // in bytes of the configured text
  std::string what;
};

class StatementCatalogue {
 public:
  // Statements are checked against `database`; it must outlive only the calls of add().
  explicit StatementCatalogue(Connection& database, CatalogueRules rules = {});
  StatementCatalogue(const StatementCatalogue&) = delete;
  StatementCatalogue& operator=(const StatementCatalogue&) = delete;

  // Exactly one SELECT, INSERT, UPDATE, DELETE, REPLACE, WITH or VALUES that prepares against the database,
  // with named parameters only and no column name twice. The statement lives as long as the catalogue.
  std::expected<const FixedStatement*, CatalogueProblem> add(std::string_view text);
  // Whether the database keeps text as UTF-8, so that its order and hex() are those of the bytes.
  bool is_utf8() const;

 private:
  Connection* database_;
  std::shared_ptr<const CatalogueRules> rules_;
  std::deque<FixedStatement> statements_;
};

// ---- running a fixed statement ----

enum class Blobs : std::uint8_t { refused, base64 };

struct RunLimits {
  RunHandle* handle = nullptr;  // by which another thread may end the run; outlives it
  std::size_t rows = 1000;
  ByteCount bytes = mebibytes(1);  // of JSON
  MonotonicTime deadline = MonotonicTime::max();
  Blobs blobs = Blobs::refused;
};

enum class RunFault : std::uint8_t {
  value,     // a bound value that the statement cannot accept: malformed full-text search, bad JSON, overflow
  conflict,  // a constraint of the tables
  busy,      // another writer held the database for too long
  late,      // the deadline passed
  too_large,   // more rows or bytes than allowed
  unreadable,  // a column holds a value that JSON cannot represent
  changed,     // the tables are not as they were when the statement was checked
  failed,      // the database is not as it should be
};

struct RunFailure {
  RunFault fault = RunFault::failed;
  LogText text;  // the class of the error, and its code; no value of a request or a row
};

struct RunResult {
  std::size_t rows = 0;
  std::int64_t changed = 0;  // rows inserted, updated or deleted
};

// Binds `values` (as many as the statement has parameters), runs, and appends the rows to `out` as a JSON
// array of objects: INTEGER and REAL as numbers, TEXT as strings, NULL as null. On failure `out` is
// unchanged, and a writing statement has changed nothing; within a transaction the code that began it must
// roll back. After a change of the tables the statement is checked again before it returns a row: it
// continues if it means the same.
std::expected<RunResult, RunFailure> run_list(Connection& connection, const FixedStatement& statement,
                                              std::span<const Parameter> values, const RunLimits& limits,
                                              const Clock& clock, std::string& out);
// The same with the first row only, as one object; appends nothing if there is none.
std::expected<RunResult, RunFailure> run_one(Connection& connection, const FixedStatement& statement,
                                             std::span<const Parameter> values, const RunLimits& limits,
                                             const Clock& clock, std::string& out);
// The first row as a document, for conditions over it; empty when there is none. A REAL is written with a
// fraction or an exponent, so that it stays a double.
std::expected<RunResult, RunFailure> run_one(Connection& connection, const FixedStatement& statement,
                                             std::span<const Parameter> values, const RunLimits& limits,
                                             const Clock& clock, json::Document& out);

// A transaction in which several runs see one state of the database. If `effect` says that one of them
// writes, no other transaction writes meanwhile. Waits for another writer until the deadline. Rolled back
// unless it is committed.
std::expected<Transaction, RunFailure> begin_runs(Connection& connection, Effect effect,
                                                  const RunLimits& limits, const Clock& clock);
// `late` where the limits' handle was interrupted before.
std::expected<void, RunFailure> commit_runs(Transaction& transaction, const RunLimits& limits);

// The bound form of a JSON value: null, a boolean as 0 or 1, an integer, a real, text. Nothing for arrays,
// objects, and integers that do not fit 64 bits. Text is borrowed from the value's document.
std::optional<Parameter> as_parameter(json::Value value);

}  // namespace gatehouse::db
