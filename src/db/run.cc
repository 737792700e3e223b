#include <algorithm>
#include <charconv>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/strings.h"
#include "db/catalogue.h"
#include "db/connection_state.h"
#include "db/statement_check.h"
#include "json/writer.h"

namespace gatehouse::db {

namespace {

// Compiled statements of catalogues kept on one connection. Reloads leave old ones behind; at this number all
// are dropped, and compiled again as they are needed.
constexpr std::size_t kMostKept = 1024;
// Between two looks at the clock: some microseconds of SQLite's work.
constexpr int kOperationsBetweenLooks = 2000;

// The bounds that SQLite checks while it works, and while it waits for another writer.
struct Bounds {
  const Clock& clock;
  MonotonicTime deadline;
  const RunHandle* handle;
  std::chrono::milliseconds patience;  // with another writer
  std::chrono::milliseconds waited{0};

  bool exceeded() const {
    return (handle != nullptr && handle->is_interrupted()) || clock.monotonic() >= deadline;
  }
  static int stop(void* self) { return static_cast<const Bounds*>(self)->exceeded() ? 1 : 0; }
  // SQLite's busy handler: 0 gives up.
  static int wait(void* self, int) {
    constexpr std::chrono::milliseconds kLongestPause{20};
    auto& bounds = *static_cast<Bounds*>(self);
    if (bounds.waited >= bounds.patience || bounds.exceeded()) return 0;
    const auto pause =
        std::min({std::chrono::milliseconds{1} + bounds.waited / 4, kLongestPause, bounds.patience});
    std::this_thread::sleep_for(pause);
    bounds.waited += pause;
    return 1;
  }
};

// FTS5 searches NEAR(…) in time that grows with the occurrences times the square of its phrases, and cannot
// be interrupted. A phrase needs a word or two quotes, so words and quotes are counted, whatever their role.
bool is_search(const Parameter& value) {
  constexpr std::size_t kLongest = 256;  // bytes: a tokenizer may find as many words in one quoted phrase
  constexpr std::size_t kMostWords = 32;
  const auto* const text = std::get_if<std::string_view>(&value.value());
  if (text == nullptr) return true;
  std::size_t halves = 0;
  bool in_word = false;
  for (const char c : *text) {
    const bool letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
    const bool word =
        letter || is_digit(c) || c == '_' || c == '\x1a' || static_cast<unsigned char>(c) >= 0x80;
    if (word && !in_word) halves += 2;
    if (c == '"') ++halves;
    in_word = word;
  }
  return text->size() <= kLongest && halves <= 2 * kMostWords;
}

RunFailure fail(RunFault fault, std::string text) { return {fault, LogText(std::move(text))}; }

void append_number(std::string& out, double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

}  // namespace

// One run of a fixed statement on one connection.
class Run {
 public:
  Run(Connection& connection, const FixedStatement& fixed, const RunLimits& limits, const Clock& clock)
      : connection_(connection),
        fixed_(fixed),
        limits_(limits),
        bounds_{clock, limits.deadline, limits.handle, connection.state_->busy_timeout} {
    hold(database(), bounds_, limits_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (statement_ != nullptr) {
      sqlite3_reset(statement_);
      sqlite3_clear_bindings(statement_);
    }
    let_go(connection_, limits_);
  }

  // Calls `row` for each, at most `most` of them; stops early without a failure when there are more and
  // `more` allows it.
  enum class More : std::uint8_t { refused, ignored };
  template <typename Row>
  std::expected<RunResult, RunFailure> go(std::span<const Parameter> values, std::size_t most, More more,
                                          Row&& row) {
    if (auto bound = bind_all(values); !bound) return std::unexpected(std::move(bound).error());
    const bool in_transaction = sqlite3_get_autocommit(database()) == 0;
    if (fixed_.effect() == Effect::reads || in_transaction) return rows(most, more, row);
    // All or nothing, also when the rows of a RETURNING turn out to be too many.
    auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
    if (!transaction) return std::unexpected(failure_of(transaction.error()));
    auto result = rows(most, more, row);
    if (!result) return result;
    sqlite3_reset(statement_);
    if (auto committed = commit(*transaction, limits_); !committed)
      return std::unexpected(std::move(committed).error());
    return result;
  }

  static std::expected<Transaction, RunFailure> begin(Connection& connection, Effect effect,
                                                      const RunLimits& limits, const Clock& clock) {
    Bounds bounds{clock, limits.deadline, limits.handle, connection.state_->busy_timeout};
    hold(connection.state_->database.get(), bounds, limits);
    auto transaction = Transaction::begin(
        connection, effect == Effect::writes ? Transaction::Kind::write : Transaction::Kind::read);
    let_go(connection, limits);
    if (!transaction) return std::unexpected(failure_of(transaction.error()));
    return *std::move(transaction);
  }
  static std::expected<void, RunFailure> commit(Transaction& transaction, const RunLimits& limits) {
    if (limits.handle != nullptr && !limits.handle->settle())
      return std::unexpected(fail(RunFault::late, "interrupted before the commit"));
    if (auto committed = transaction.commit(); !committed)
      return std::unexpected(failure_of(committed.error()));
    return {};
  }

  // The current row as the members of a JSON object.
  std::expected<void, RunFailure> append_row(std::string& out, std::size_t start) {
    const std::size_t columns = fixed_.columns().size();
    for (std::size_t i = 0; i < columns; ++i) {
      out += i == 0 ? '{' : ',';
      out += fixed_.member_heads_[i];
      if (auto appended = append_value(out, static_cast<int>(i)); !appended) return appended;
      if (out.size() - start > limits_.bytes.bytes) {
        return std::unexpected(
            fail(RunFault::too_large, fmt::format("more than {} of rows", to_text(limits_.bytes))));
      }
    }
    out += '}';
    return {};
  }

  // The current row as an object of a document.
  std::expected<void, RunFailure> build_row(json::Builder& into) {
    into.begin_object();
    for (std::size_t i = 0; i < fixed_.columns().size(); ++i) {
      into.key(fixed_.columns()[i].name);
      scratch_.clear();
      const int column = static_cast<int>(i);
      if (sqlite3_column_type(statement_, column) == SQLITE_TEXT) {
        into.string(text_of(column));
      } else if (auto appended = append_value(scratch_, column); !appended) {
        return appended;
      } else if (scratch_.front() == '"') {
        into.string(std::string_view(scratch_).substr(1, scratch_.size() - 2));  // base64: nothing is escaped
      } else if (scratch_ == "null") {
        into.null();
      } else {
        const bool real = sqlite3_column_type(statement_, column) == SQLITE_FLOAT;
        if (real && scratch_.find_first_of(".e") == std::string::npos) scratch_ += ".0";
        into.number(scratch_);
      }
    }
    into.end_object();
    return {};
  }

 private:
  sqlite3* database() const { return connection_.state_->database.get(); }

  std::expected<void, RunFailure> bind_all(std::span<const Parameter> values) {
    if (values.size() != fixed_.parameters_.size()) {
      return std::unexpected(
          fail(RunFault::failed, fmt::format("{} values for {} parameters: {}", values.size(),
                                             fixed_.parameters_.size(), fixed_.text_)));
    }
    auto& kept = connection_.state_->fixed;
    auto found = kept.find(std::string_view(fixed_.text_));
    if (found == kept.end()) {
      auto prepared = prepare(database(), fixed_.text_);
      if (!prepared) {
        const bool unknown = (sqlite3_errcode(database()) & 0xff) == SQLITE_ERROR;
        return std::unexpected(unknown ? changed("the statement does not compile any more")
                                       : failure_of(prepared.error()));
      }
      if (kept.size() >= kMostKept) kept.clear();
      found = kept.emplace(fixed_.text_, Fixed{*std::move(prepared)}).first;
    }
    compiled_ = &found->second;
    statement_ = compiled_->statement.get();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (fixed_.meaning_->search_texts[i] && !is_search(values[i]))
        return std::unexpected(fail(RunFault::value, "the text of a search is too long"));
      const int status = bind(statement_, static_cast<int>(i + 1), values[i], SQLITE_STATIC);
      if (status == SQLITE_TOOBIG)
        return std::unexpected(fail(RunFault::value, "a value is too long to be bound"));
      if (status != SQLITE_OK) return std::unexpected(fail(RunFault::failed, text_of_status(status)));
    }
    return {};
  }

  // From here on `bounds` ends a run on the connection, until let_go().
  static void hold(sqlite3* database, Bounds& bounds, const RunLimits& limits) {
    sqlite3_progress_handler(database, kOperationsBetweenLooks, &Bounds::stop, &bounds);
    sqlite3_busy_handler(database, &Bounds::wait, &bounds);
    if (limits.handle != nullptr) limits.handle->attach(database);
  }
  static void let_go(Connection& connection, const RunLimits& limits) {
    sqlite3* const database = connection.state_->database.get();
    if (limits.handle != nullptr) limits.handle->attach(nullptr);
    sqlite3_progress_handler(database, 0, nullptr, nullptr);
    sqlite3_busy_timeout(database, static_cast<int>(connection.state_->busy_timeout.count()));
  }

  template <typename Row>
  std::expected<RunResult, RunFailure> rows(std::size_t most, More more, Row& row) {
    RunResult result;
    for (;;) {
      const int status = sqlite3_step(statement_);
      if (status != SQLITE_DONE && status != SQLITE_ROW) return std::unexpected(failure_of_step());
      // The first step has begun to read, and where the tables had changed it was compiled anew for it.
      if (auto same = means_the_same(); !same) return std::unexpected(std::move(same).error());
      if (status == SQLITE_DONE) break;
      if (result.rows == most) {
        if (more == More::ignored) break;
        return std::unexpected(fail(RunFault::too_large, fmt::format("more than {} rows", most)));
      }
      if (auto taken = row(); !taken) return std::unexpected(std::move(taken).error());
      ++result.rows;
      if (result.rows == most && more == More::ignored && fixed_.effect() == Effect::reads) break;
    }
    if (fixed_.effect() == Effect::writes) result.changed = sqlite3_changes64(database());
    return result;
  }

  // Whether the statement still is the checked one. Costs nothing unless SQLite has compiled it anew, which
  // it does within the transaction in which it reads.
  std::expected<void, RunFailure> means_the_same() {
    const int compilations = sqlite3_stmt_status(statement_, SQLITE_STMTSTATUS_REPREPARE, 0);
    const bool compared = compiled_->compared == fixed_.meaning_;
    if (compared && compilations == compiled_->compilations) return {};
    const auto version = schema_version();
    if (!version) return std::unexpected(failure_of(version.error()));
    if (!compared || *version != compiled_->schema_version) {
      const auto now = check_statement(database(), fixed_.text_, fixed_.parameters_.size(), *fixed_.rules_);
      if (bounds_.exceeded()) return std::unexpected(fail(RunFault::late, text_of_status(SQLITE_INTERRUPT)));
      if (!now) return std::unexpected(changed("the statement does not compile any more"));
      if (auto what = difference(*fixed_.meaning_, *now)) return std::unexpected(changed(*what));
    }
    compiled_->compared = fixed_.meaning_;
    compiled_->schema_version = *version;
    compiled_->compilations = compilations;
    return {};
  }
  static RunFailure changed(std::string_view what) {
    return fail(RunFault::changed, fmt::format("the tables have changed since the statement was checked: {}; "
                                               "reload to check it against the new tables",
                                               what));
  }
  Result<std::int64_t> schema_version() {
    GATEHOUSE_TRY(Rows rows, connection_.query("PRAGMA schema_version"));
    GATEHOUSE_TRY(const bool there, rows.next());
    if (!there) return failure(ErrorCode::internal, "SQLite returned no schema_version");
    return rows.integer(0);
  }

  std::string_view text_of(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

  std::expected<void, RunFailure> append_value(std::string& out, int column) {
    switch (sqlite3_column_type(statement_, column)) {
      case SQLITE_INTEGER:
        fmt::format_to(std::back_inserter(out), "{}", sqlite3_column_int64(statement_, column));
        return {};
      case SQLITE_FLOAT: {
        const double value = sqlite3_column_double(statement_, column);
        if (!std::isfinite(value)) {
          return std::unexpected(fail(RunFault::value, "a column is infinite, which JSON cannot represent"));
        }
        append_number(out, value);
        return {};
      }
      case SQLITE_TEXT: {
        return append_bytes(out, text_of(column),
                            [](std::string& to, std::string_view bytes) { json::append_string(to, bytes); });
      }
      case SQLITE_BLOB: {
        if (limits_.blobs == Blobs::refused) {
          return std::unexpected(fail(RunFault::unreadable,
                                      fmt::format("the column {} holds a blob",
                                                  fixed_.columns()[static_cast<std::size_t>(column)].name)));
        }
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
        return append_bytes(
            out, {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))},
            [](std::string& to, std::string_view raw) { ((to += '"') += base64(raw)) += '"'; });
      }
      default: out += "null"; return {};
    }
  }

  // Refuses a value that alone exceeds the limit before it is copied.
  template <typename Append>
  std::expected<void, RunFailure> append_bytes(std::string& out, std::string_view bytes, Append&& append) {
    if (bytes.size() > limits_.bytes.bytes) {
      return std::unexpected(fail(RunFault::too_large, fmt::format("a column of {} bytes", bytes.size())));
    }
    append(out, bytes);
    return {};
  }

  static RunFailure failure_of(const Error& error) {
    const RunFault fault = error.retry == Retry::yes           ? RunFault::busy
                           : error.code == ErrorCode::conflict ? RunFault::conflict
                           : error.code == ErrorCode::timeout  ? RunFault::late
                                                               : RunFault::failed;
    return fail(fault, error.text);
  }

  // A prepared statement fails with the plain SQLITE_ERROR for one of two reasons: the tables have changed,
  // and it does not prepare any more; or a function or a full-text search in it does not accept a value.
  RunFailure failure_of_step() {
    Error error = error_of(database(), fixed_.text_);
    error.text = text_of_status(sqlite3_extended_errcode(database()));
    const int primary = sqlite3_errcode(database()) & 0xff;
    if (primary == SQLITE_MISMATCH || primary == SQLITE_TOOBIG) return fail(RunFault::value, error.text);
    if (primary != SQLITE_ERROR) return failure_of(error);
    sqlite3_reset(statement_);
    if (!prepare(database(), fixed_.text_)) return changed("the statement does not compile any more");
    return fail(RunFault::value, std::move(error.text));
  }

  Connection& connection_;
  const FixedStatement& fixed_;
  const RunLimits& limits_;
  Bounds bounds_;
  Fixed* compiled_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string scratch_;
};

std::expected<RunResult, RunFailure> run_list(Connection& connection, const FixedStatement& statement,
                                              std::span<const Parameter> values, const RunLimits& limits,
                                              const Clock& clock, std::string& out) {
  Run run(connection, statement, limits, clock);
  const std::size_t start = out.size();
  out += '[';
  auto result = run.go(values, limits.rows, Run::More::refused, [&]() -> std::expected<void, RunFailure> {
    if (out.size() > start + 1) out += ',';
    return run.append_row(out, start);
  });
  if (result) {
    out += ']';
  } else {
    out.resize(start);
  }
  return result;
}

std::expected<RunResult, RunFailure> run_one(Connection& connection, const FixedStatement& statement,
                                             std::span<const Parameter> values, const RunLimits& limits,
                                             const Clock& clock, std::string& out) {
  Run run(connection, statement, limits, clock);
  const std::size_t start = out.size();
  auto result = run.go(values, 1, Run::More::ignored, [&] { return run.append_row(out, start); });
  if (!result) out.resize(start);
  return result;
}

std::expected<RunResult, RunFailure> run_one(Connection& connection, const FixedStatement& statement,
                                             std::span<const Parameter> values, const RunLimits& limits,
                                             const Clock& clock, json::Document& out) {
  Run run(connection, statement, limits, clock);
  out.clear();
  auto result = run.go(values, 1, Run::More::ignored, [&] {
    json::Builder builder(out);
    return run.build_row(builder);
  });
  if (!result) out.clear();
  return result;
}

std::expected<Transaction, RunFailure> begin_runs(Connection& connection, Effect effect,
                                                  const RunLimits& limits, const Clock& clock) {
  return Run::begin(connection, effect, limits, clock);
}
std::expected<void, RunFailure> commit_runs(Transaction& transaction, const RunLimits& limits) {
  return Run::commit(transaction, limits);
}

std::optional<Parameter> as_parameter(json::Value value) {
  switch (value.kind()) {
    case json::Kind::null: return Parameter(nullptr);
    case json::Kind::boolean: return Parameter(std::int64_t{value.boolean() ? 1 : 0});
    case json::Kind::string: return Parameter(value.string());
    case json::Kind::number: {
      if (const auto integer = value.integer()) return Parameter(*integer);
      if (value.has_integer_form() || !std::isfinite(value.number())) return std::nullopt;
      return Parameter(value.number());
    }
    case json::Kind::array:
    case json::Kind::object: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace gatehouse::db
