#include "target/sql.h"

#include <deque>

namespace gatehouse::target {
namespace {

// The values of one run, owned by it: the run goes on when the request that asked for it has gone.
class Values {
 public:
  // Nothing where a value cannot be bound: an array, an object, an integer beyond 64 bits.
  static std::optional<Values> of(const BoundStatement& statement, const Principal& principal, const Input& input,
                                  const Call& call) {
    Values values;
    for (const Reference& reference : statement.values) {
      const Referred referred = look_up(reference, principal, input, call);
      if (std::holds_alternative<std::monostate>(referred)) {
        values.parameters_.emplace_back();
      } else if (const auto* text = std::get_if<std::string_view>(&referred)) {
        values.add_text(*text);
      } else {
        const auto parameter = db::as_parameter(std::get<json::Value>(referred));
        if (!parameter) return std::nullopt;
        if (const auto* borrowed = std::get_if<std::string_view>(&parameter->value())) {
          values.add_text(*borrowed);
        } else {
          values.parameters_.push_back(*parameter);
        }
      }
    }
    return values;
  }
  std::span<const db::Parameter> parameters() const { return parameters_; }

 private:
  void add_text(std::string_view text) { parameters_.emplace_back(std::string_view(texts_.emplace_back(text))); }

  std::deque<std::string> texts_;  // does not move its elements
  std::vector<db::Parameter> parameters_;
};

struct Outcome {
  db::RunResult result;
  std::string json;
  json::Document row;
};

enum class Wanted : std::uint8_t { list, one, row };

using Ran = std::expected<Outcome, db::RunFailure>;

Ran run_statement(Database& database, const db::FixedStatement& statement, const Values& values, Wanted wanted,
                  MonotonicTime deadline) {
  auto connection = database.connections.take();
  if (!connection) return std::unexpected(db::RunFailure{db::RunFault::failed, LogText(connection.error().text)});
  db::RunLimits limits;
  limits.deadline = deadline;
  Outcome outcome;
  std::expected<db::RunResult, db::RunFailure> result;
  switch (wanted) {
    case Wanted::list:
      result = db::run_list(**connection, statement, values.parameters(), limits, database.clock, outcome.json);
      break;
    case Wanted::one:
      result = db::run_one(**connection, statement, values.parameters(), limits, database.clock, outcome.json);
      break;
    case Wanted::row:
      result = db::run_one(**connection, statement, values.parameters(), limits, database.clock, outcome.row);
      break;
  }
  if (!result) return std::unexpected(std::move(result).error());
  outcome.result = *result;
  return outcome;
}

// What the database says stays here: the reason is ours, its words go to the record.
Refusal refusal_of(const db::RunFailure& failure, CallReport& report) {
  report.detail = failure.text.view();
  switch (failure.fault) {
    case db::RunFault::value: return Refusal(Reason::statement_refused);
    case db::RunFault::conflict: {
      Refusal refusal(Reason::statement_refused);
      refusal.status = 409;
      return refusal;
    }
    case db::RunFault::busy: return Refusal(Reason::database_overloaded);
    case db::RunFault::late: return Refusal(Reason::deadline_passed);
    case db::RunFault::too_large:
    case db::RunFault::failed: break;
  }
  return Refusal(Reason::database_failed);
}

net::Task<Verdict<Outcome>> run(const BoundStatement& statement, std::shared_ptr<Database> database, net::Loop& loop,
                                const Principal& principal, const Input& input, const Call& call, Wanted wanted,
                                CallReport& report) {
  auto values = Values::of(statement, principal, input, call);
  if (!values) {
    report.detail = "a value of the request cannot be bound";
    co_return refuse(Reason::statement_refused);
  }
  auto job = [database, fixed = statement.fixed, owner = statement.owner, held = *std::move(values), wanted, deadline = call.deadline] {
    return Result<Ran>(run_statement(*database, *fixed, held, wanted, deadline));
  };
  auto ran = co_await database->threads->run(loop, std::move(job));
  if (!ran) {
    report.detail = ran.error().text;
    co_return refuse(Reason::database_overloaded);
  }
  if (!*ran) co_return std::unexpected(refusal_of(ran->error(), report));
  co_return std::move(**ran);
}

}  // namespace

net::Task<Verdict<void>> SqlTarget::call(const Permit& permit, const Input& input, const Call& call,
                                         Response& response, CallReport& report) {
  const Wanted wanted = returns_ == Returns::one ? Wanted::one : Wanted::list;
  auto outcome = co_await run(statement_, database_, loop_, permit.principal(), input, call, wanted, report);
  if (!outcome) co_return std::unexpected(outcome.error());
  if (returns_ == Returns::none) {
    response.status = 204;
    co_return Verdict<void>{};
  }
  if (returns_ == Returns::one && outcome->result.rows == 0) co_return refuse(Reason::row_missing);
  response.status = 200;
  response.fields += "Content-Type: application/json\r\n";
  response.has_content_type = true;
  response.body = std::move(outcome->json);
  co_return Verdict<void>{};
}

net::Task<Verdict<void>> SqlLookup::find(const Permission& permission, const Input& input, const Call& call,
                                         json::Document& row, CallReport& report) {
  auto outcome = co_await run(statement_, database_, loop_, permission.principal(), input, call, Wanted::row, report);
  if (!outcome) co_return std::unexpected(outcome.error());
  row = std::move(outcome->row);
  co_return Verdict<void>{};
}

}  // namespace gatehouse::target
