#include "audit/query.h"

#include <fmt/format.h>

namespace gatehouse::audit {

namespace {

std::optional<std::int64_t> nanoseconds_of(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return time->time_since_epoch().count();
}

WallTime wall_time(std::int64_t nanoseconds) { return WallTime{std::chrono::nanoseconds{nanoseconds}}; }

}  // namespace

Result<> read_events(db::Connection& connection, const EventFilter& filter,
                     const std::function<bool(const StoredEvent&)>& each) {
  std::optional<std::string> address;
  if (filter.address) address = filter.address->text();
  std::optional<std::string_view> outcome;
  if (filter.outcome) outcome = name(*filter.outcome);
  GATEHOUSE_TRY(
      db::Rows rows,
      connection.query("SELECT seq, time, line FROM gatehouse_events "
                       "WHERE seq > ?1 AND (?2 IS NULL OR time >= ?2) AND (?3 IS NULL OR time < ?3) "
                       "AND (?4 IS NULL OR json_extract(line, '$.\"user.id\"') = ?4) "
                       "AND (?5 IS NULL OR json_extract(line, '$.operation') = ?5) "
                       "AND (?6 IS NULL OR json_extract(line, '$.\"client.address\"') = ?6) "
                       "AND (?7 IS NULL OR json_extract(line, '$.outcome') = ?7) "
                       "ORDER BY seq",
                       {filter.after, nanoseconds_of(filter.since), nanoseconds_of(filter.until), filter.user,
                        filter.operation, address, outcome}));
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more || !each({rows.integer(0), wall_time(rows.integer(1)), rows.text(2)})) return {};
  }
}

Result<Explanation> explain(db::Connection& connection, std::string_view request_id) {
  Explanation explanation;
  {
    GATEHOUSE_TRY(db::Rows rows,
                  connection.query("SELECT line FROM gatehouse_events WHERE request_id = ? ORDER BY seq",
                                   {request_id}));
    for (;;) {
      GATEHOUSE_TRY(const bool more, rows.next());
      if (!more) break;
      explanation.lines.emplace_back(rows.text(0));
    }
  }
  GATEHOUSE_TRY(db::Rows rows, connection.query("SELECT time, status, head, body FROM gatehouse_originals "
                                                "WHERE request_id = ? ORDER BY rowid",
                                                {request_id}));
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) break;
    explanation.originals.push_back({std::string(request_id), wall_time(rows.integer(0)),
                                     static_cast<unsigned>(rows.integer(1)), std::string(rows.blob(2)),
                                     std::string(rows.blob(3))});
  }
  if (explanation.lines.empty() && explanation.originals.empty()) {
    return failure(ErrorCode::not_found, fmt::format("nothing is known of a request {}", request_id));
  }
  return explanation;
}

}  // namespace gatehouse::audit
