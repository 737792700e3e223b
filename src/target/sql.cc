#include "target/sql.h"

#include <deque>

#include "core/caller_shares.h"
#include "core/counted_memory.h"
#include "core/present_policy.h"
#include "db/catalogue.h"
#include "target/statement_call.h"

namespace gatehouse::target {
namespace {

// How long a statement that reads waits for a thread. One that writes waits for the one place to write, which
// another caller's slow statement may hold until its time is over: it waits as long as it may take.
constexpr std::chrono::seconds kTurnPatience{1};

// Where the memory of a run's answer is counted, and whose it is.
struct Account {
  Account() = default;
  Account(const Call& call, const Principal& of)
      : shares(call.memory != nullptr ? *call.memory : nullptr), principal(of), client(call.client) {}

  std::shared_ptr<CallerShares> shares;
  std::optional<Principal> principal;
  IpAddress client;
};

// The values of one run, owned by it: the run continues after its request was cancelled.
class Values {
 public:
  // Refuses if a value cannot be bound (an array, an object, an integer beyond 64 bits), and if there is no
  // memory for them.
  static Verdict<Values> of(const BoundStatement& statement, const CheckedRequest& request, const Call& call,
                            CallReport& report) {
    Values values;
    for (const Reference& reference : statement.values) {
      const Referred referred = look_up(reference, request, call);
      if (std::holds_alternative<std::monostate>(referred)) {
        values.parameters_.emplace_back();
      } else if (const auto* text = std::get_if<std::string_view>(&referred)) {
        values.add_text(*text);
      } else {
        const auto parameter = db::as_parameter(std::get<json::Value>(referred));
        if (!parameter) {
          report.detail = "a value of the request cannot be bound";
          return refuse(Reason::statement_refused);
        }
        if (const auto* borrowed = std::get_if<std::string_view>(&parameter->value())) {
          values.add_text(*borrowed);
        } else {
          values.parameters_.push_back(*parameter);
        }
      }
    }
    std::uint64_t bytes = 0;
    for (const std::string& text : values.texts_) bytes += text.capacity();
    GATEHOUSE_TRY(values.memory_,
                  CountedMemory::of_copies(call.memory, request.principal()->identity(), call.client, bytes));
    return values;
  }
  void add(const GuardValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      parameters_.emplace_back(*integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      parameters_.emplace_back(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      add_text(*text);
    } else if (const auto* mark = std::get_if<GuardMark>(&value)) {
      parameters_.emplace_back(db::Blob{mark->bytes});
    } else {
      parameters_.emplace_back();
    }
  }
  std::span<const db::Parameter> parameters() const { return parameters_; }

 private:
  void add_text(std::string_view text) {
    parameters_.emplace_back(std::string_view(texts_.emplace_back(text)));
  }

  std::deque<std::string> texts_;  // does not move its elements
  std::vector<db::Parameter> parameters_;
  CountedMemory memory_;
};

struct StatementOutcome {
  db::RunResult result;
  std::string json;
  json::Document row;
};

enum class Wanted : std::uint8_t { list, one };

Wanted wanted_by(Returns returns) { return returns == Returns::one ? Wanted::one : Wanted::list; }

struct Rows {
  std::size_t count = 0;
  std::string json;
  CountedMemory memory;  // of `json`
};

// The reason for a failed run. The database's text stays here: the reason is Gatehouse's, the error's class
// goes to the record.
struct Stopped {
  Refusal refusal;
  std::string detail;
  // Whether the content of the rows is the cause: it must not show for a row that the caller may not see.
  bool by_content = false;
  // Nothing was begun, because the policy changed while this waited: the policy of now is asked first.
  bool outdated = false;
};

Stopped stopped(const db::RunFailure& failure) {
  Stopped stop{Refusal(Reason::database_failed), std::string(failure.text.view())};
  stop.by_content = failure.fault == db::RunFault::value || failure.fault == db::RunFault::too_large ||
                    failure.fault == db::RunFault::unreadable;
  switch (failure.fault) {
    case db::RunFault::value: stop.refusal = Refusal(Reason::statement_refused); break;
    case db::RunFault::conflict:
      stop.refusal = Refusal(Reason::statement_refused);
      stop.refusal.status = 409;
      break;
    case db::RunFault::busy: stop.refusal = Refusal(Reason::database_overloaded); break;
    case db::RunFault::late: stop.refusal = Refusal(Reason::deadline_passed); break;
    case db::RunFault::changed: stop.refusal = Refusal(Reason::database_changed); break;
    case db::RunFault::too_large:
    case db::RunFault::unreadable:
    case db::RunFault::failed: break;
  }
  return stop;
}

template <typename T>
using Ran = std::expected<T, Stopped>;

// Asked where nothing is waited for any more: for a thread, and in a transaction for another writer.
Ran<void> still_in_force(const Principal& principal, const Clock& clock, const PolicyMark& mark) {
  if (mark.is_outdated()) {
    Stopped stop;
    stop.outdated = true;
    return std::unexpected(std::move(stop));
  }
  if (const auto holds = principal.in_force(clock.wall()); !holds) {
    return std::unexpected(Stopped{holds.error(), {}, false});
  }
  return {};
}

Ran<db::Pool::Lease> connect(Database& database) {
  auto connection = database.connections.take();
  if (!connection)
    return std::unexpected(Stopped{Refusal(Reason::database_failed), connection.error().text, false});
  return *std::move(connection);
}

db::RunLimits until(MonotonicTime deadline, db::RunHandle& handle) {
  db::RunLimits limits;
  limits.deadline = deadline;
  limits.handle = &handle;
  return limits;
}

// Without memory for the rows, all changes of the statement are undone: it is not committed yet.
Ran<Rows> read_rows(db::Connection& connection, const db::FixedStatement& statement, const Values& values,
                    Wanted wanted, const db::RunLimits& limits, const Clock& clock, const Account& account) {
  Rows rows;
  const auto result =
      wanted == Wanted::one
          ? db::run_one(connection, statement, values.parameters(), limits, clock, rows.json)
          : db::run_list(connection, statement, values.parameters(), limits, clock, rows.json);
  if (!result) return std::unexpected(stopped(result.error()));
  rows.count = result->rows;
  auto memory = CountedMemory::of_answer(&account.shares, account.principal->identity(), account.client,
                                         rows.json.capacity());
  if (!memory) return std::unexpected(Stopped{memory.error(), {}, false});
  rows.memory = *std::move(memory);
  return rows;
}

Ran<json::Document> read_object(db::Connection& connection, const db::FixedStatement& statement,
                                const Values& values, const db::RunLimits& limits, const Clock& clock) {
  json::Document row;
  if (auto result = db::run_one(connection, statement, values.parameters(), limits, clock, row); !result) {
    return std::unexpected(stopped(result.error()));
  }
  return row;
}

StatementTurn turn_of(const Principal& principal, const Call& call, db::Effect effect, MonotonicTime now) {
  StatementTurn turn;
  turn.operation = call.operation;
  turn.principal = caller_name(principal.identity(), call.client);
  turn.effect = effect;
  turn.place = call.place;
  turn.begins_by = effect == db::Effect::writes ? call.deadline : now + kTurnPatience;
  turn.deadline = call.deadline;
  return turn;
}

Refusal refusal_of(Unfinished how, std::string_view rule, CallReport& report) {
  Refusal refusal(how == Unfinished::too_many || how == Unfinished::no_turn ? Reason::database_overloaded
                                                                            : Reason::deadline_passed,
                  rule);
  switch (how) {
    case Unfinished::too_many: report.detail = "too many statements wait for their turn"; break;
    case Unfinished::no_turn: report.detail = "the statement had no turn in time, and was not begun"; break;
    case Unfinished::overdue:
      report.detail =
          "the statement does not react to its interruption, and continues; it will change nothing";
      break;
    case Unfinished::settling:
      report.detail = "the commit had begun when the time was over; it is unknown whether it took effect";
      break;
  }
  return refusal;
}

// The job in its turn on a thread that may block; its end is the request's end where it stopped. After a
// change of the policy within its wait it waits again, if the policy of now admits the request. `present` may
// be null.
template <typename T, typename Job>
net::Task<Verdict<T>> run(Database& database, net::Loop& loop, StatementTurn turn, Job job,
                          std::string_view rule, CallReport& report, PresentPolicy* present) {
  struct Timed {
    MonotonicTime began{};
    Ran<T> ran;
  };
  const auto work = std::make_shared<const Job>(std::move(job));
  for (;;) {
    const PolicyMark mark(present);
    if (present != nullptr) GATEHOUSE_CO_CHECK(present->still_admits());
    StatementCall<Timed> call(database.threads, loop, turn,
                              [work, mark, &clock = database.clock](db::RunHandle& handle) {
                                const MonotonicTime began = clock.monotonic();
                                return Timed{began, (*work)(handle, mark)};
                              });
    auto ended = co_await call;
    if (!ended) co_return std::unexpected(refusal_of(ended.error(), rule, report));
    Ran<T>& ran = ended->ran;
    if (!ran && ran.error().outdated) continue;
    report.object_asked = ended->began;
    if (ran) co_return *std::move(ran);
    report.detail = std::move(ran.error().detail);
    Refusal& refusal = ran.error().refusal;
    if (refusal.rule.empty()) refusal.rule = rule;
    co_return std::unexpected(refusal);
  }
}

// Checked before the commit: if the one row is missing, the changes of the statement and its triggers are
// rolled back, so that the refusal is true.
Ran<Rows> with_the_row(Ran<Rows> rows, Returns returns) {
  if (rows && returns == Returns::one && rows->count == 0)
    return std::unexpected(Stopped{Refusal(Reason::row_missing), {}, false});
  return rows;
}

void answer(Rows rows, Returns returns, Response& response) {
  if (returns == Returns::none) {
    response.status = 204;
    return;
  }
  response.status = 200;
  response.fields.add(http::FieldId::content_type, "Content-Type", "application/json");
  response.body = std::move(rows.json);
  response.memory = std::move(rows.memory);
}

struct Acted {
  Rows rows;
  Permit permit;
};

// The data of one run about an object, owned by it.
struct ObjectRun {
  std::shared_ptr<Database> database;
  std::shared_ptr<DeferredDecision> decision;
  BoundStatement lookup, statement;
  std::optional<BoundStatement> guarded;
  Values lookup_values, statement_values;  // the guarded one's, where there is one
  Returns returns = Returns::list;
  MonotonicTime deadline{};
  const Clock* clock = nullptr;  // of the request
  Account account;

  Ran<Acted> operator()(db::RunHandle& handle, const PolicyMark& mark) const {
    const db::RunLimits limits = until(deadline, handle);
    auto connection = connect(*database);
    if (!connection) return std::unexpected(std::move(connection).error());
    auto transaction = db::begin_runs(**connection, statement.fixed->effect(), limits, database->clock);
    if (!transaction) return std::unexpected(stopped(transaction.error()));
    if (auto holds = still_in_force(decision->principal(), *clock, mark); !holds)
      return std::unexpected(std::move(holds).error());
    Ran<Rows> guarded_rows;
    if (guarded) {
      guarded_rows = read_rows(**connection, *guarded->fixed, statement_values, wanted_by(returns), limits,
                               database->clock, account);
      if (guarded_rows && guarded_rows->count > 0) {
        return acted(std::move(guarded_rows), taken(decision->held_in_statement()));
      }
      // Where the cause is a row, the caller may have to be refused for that row first.
      if (!guarded_rows && !guarded_rows.error().by_content)
        return std::unexpected(std::move(guarded_rows).error());
    }
    auto permit = permit_for(**connection, limits);
    // Nothing refuses, so there is nothing, or the guarded statement failed.
    if (guarded || !permit) return acted(with_the_row(std::move(guarded_rows), returns), std::move(permit));
    auto rows = act(*permit, **connection, limits);
    if (!rows) return std::unexpected(std::move(rows).error());
    if (auto committed = db::commit_runs(*transaction, limits); !committed)
      return std::unexpected(stopped(committed.error()));
    return acted(std::move(rows), std::move(permit));
  }

 private:
  Ran<Permit> permit_for(db::Connection& connection, const db::RunLimits& limits) const {
    auto row = read_object(connection, *lookup.fixed, lookup_values, limits, database->clock);
    if (!row) {
      Stopped stop = std::move(row).error();
      if (stop.by_content) stop.refusal = decision->unreadable();
      stop.refusal.rule = decision->resource_rule();
      return std::unexpected(std::move(stop));
    }
    std::string detail;
    auto permit = decision->decide(*row, detail);
    return taken(std::move(permit), std::move(detail));
  }
  static Ran<Permit> taken(Verdict<Permit> permit, std::string detail = {}) {
    if (!permit) return std::unexpected(Stopped{permit.error(), std::move(detail), false});
    return *std::move(permit);
  }
  static Ran<Acted> acted(Ran<Rows> rows, Ran<Permit> permit) {
    if (!permit) return std::unexpected(std::move(permit).error());
    if (!rows) return std::unexpected(std::move(rows).error());
    return Acted{*std::move(rows), *std::move(permit)};
  }
  Ran<Rows> act(const Permit&, db::Connection& connection, const db::RunLimits& limits) const {
    return with_the_row(read_rows(connection, *statement.fixed, statement_values, wanted_by(returns), limits,
                                  database->clock, account),
                        returns);
  }
};

}  // namespace

net::Task<Verdict<void>> SqlTarget::call(const Permit& permit, const Call& call, Response& response,
                                         CallReport& report) {
  auto values = Values::of(statement_, permit.request(), call, report);
  GATEHOUSE_CO_CHECK(values);
  auto job = [database = database_, statement = statement_, held = *std::move(values), returns = returns_,
              principal = permit.principal(), &clock = call.clock,
              account = Account(call, permit.principal()),
              deadline = call.deadline](db::RunHandle& handle, const PolicyMark& mark) -> Ran<Rows> {
    auto connection = connect(*database);
    if (!connection) return std::unexpected(std::move(connection).error());
    const db::RunLimits limits = until(deadline, handle);
    // A statement that writes waits for another writer before the question, not in its own run after it.
    std::optional<db::Transaction> transaction;
    if (statement.fixed->effect() == db::Effect::writes) {
      auto begun = db::begin_runs(**connection, db::Effect::writes, limits, database->clock);
      if (!begun) return std::unexpected(stopped(begun.error()));
      transaction.emplace(*std::move(begun));
    }
    if (auto holds = still_in_force(principal, clock, mark); !holds)
      return std::unexpected(std::move(holds).error());
    auto rows = with_the_row(
        read_rows(**connection, *statement.fixed, held, wanted_by(returns), limits, database->clock, account),
        returns);
    if (!rows || !transaction) return rows;
    if (auto committed = db::commit_runs(*transaction, limits); !committed)
      return std::unexpected(stopped(committed.error()));
    return rows;
  };
  StatementTurn turn =
      turn_of(permit.principal(), call, statement_.fixed->effect(), database_->clock.monotonic());
  auto rows =
      co_await run<Rows>(*database_, loop_, std::move(turn), std::move(job), rule_, report, call.present);
  GATEHOUSE_CO_CHECK(rows);
  answer(*std::move(rows), returns_, response);
  co_return Verdict<void>{};
}

net::Task<Verdict<Permit>> SqlTransactionalTarget::call(std::shared_ptr<DeferredDecision> decision,
                                                        const Call& call, Response& response,
                                                        CallReport& report) {
  const Principal& principal = decision->principal();
  auto lookup_values = Values::of(lookup_, decision->request(), call, report);
  GATEHOUSE_CO_CHECK(lookup_values);
  auto statement_values = Values::of(guarded_ ? *guarded_ : statement_, decision->request(), call, report);
  GATEHOUSE_CO_CHECK(statement_values);
  for (const GuardValue& value : decision->guard_values()) statement_values->add(value);
  StatementTurn turn = turn_of(principal, call, statement_.fixed->effect(), database_->clock.monotonic());
  ObjectRun job;
  job.database = database_;
  job.decision = std::move(decision);
  job.lookup = lookup_;
  job.statement = statement_;
  job.guarded = guarded_;
  job.lookup_values = *std::move(lookup_values);
  job.statement_values = *std::move(statement_values);
  job.returns = returns_;
  job.deadline = call.deadline;
  job.clock = &call.clock;
  job.account = Account(call, principal);
  auto acted =
      co_await run<Acted>(*database_, loop_, std::move(turn), std::move(job), rule_, report, call.present);
  GATEHOUSE_CO_CHECK(acted);
  answer(std::move(acted->rows), returns_, response);
  co_return std::move(acted->permit);
}

net::Task<Verdict<void>> SqlLookup::find(const Input& input, const Call& call, json::Document& row,
                                         CallReport& report) {
  auto values = Values::of(statement_, input.request(), call, report);
  GATEHOUSE_CO_CHECK(values);
  auto job = [database = database_, statement = statement_, held = *std::move(values),
              deadline = call.deadline](db::RunHandle& handle, const PolicyMark&) -> Ran<json::Document> {
    auto connection = connect(*database);
    if (!connection) return std::unexpected(std::move(connection).error());
    auto read = read_object(**connection, *statement.fixed, held, until(deadline, handle), database->clock);
    if (!read && read.error().by_content) read.error().refusal = Refusal(Reason::condition_error);
    return read;
  };
  StatementTurn turn =
      turn_of(input.principal(), call, statement_.fixed->effect(), database_->clock.monotonic());
  // The gates ask the policy of now after the lookup.
  auto found =
      co_await run<json::Document>(*database_, loop_, std::move(turn), std::move(job), {}, report, nullptr);
  GATEHOUSE_CO_CHECK(found);
  row = *std::move(found);
  co_return Verdict<void>{};
}

}  // namespace gatehouse::target
