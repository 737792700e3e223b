#include "audit/store_sink.h"

#include <algorithm>
#include <span>

namespace gatehouse::audit {

namespace {

constexpr db::Sql kSteps[] = {
    // Lines are kept in runs, as they were written: an insert for each event, with its indices, would cost
    // the
    // machine as much as answering the request. A run is found by the times it spans.
    "CREATE TABLE gatehouse_events ("
    "  position INTEGER PRIMARY KEY,"  // of the first event; the others follow
    "  events INTEGER NOT NULL,"
    "  earliest INTEGER NOT NULL,"  // nanoseconds since 1970
    "  latest INTEGER NOT NULL,"
    "  lines TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX gatehouse_events_latest ON gatehouse_events (latest);"
    "CREATE TABLE gatehouse_originals ("
    "  time INTEGER NOT NULL,"
    "  request_id TEXT NOT NULL,"
    "  status INTEGER NOT NULL,"
    "  head BLOB NOT NULL,"
    "  body BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX gatehouse_originals_time ON gatehouse_originals (time);"
    "CREATE INDEX gatehouse_originals_request ON gatehouse_originals (request_id);",
};

constexpr std::size_t kRunBytes = std::size_t{64} << 10U;
constexpr int kMostRemoved = 1024;  // runs in one go, so that a writer of keys does not wait for long

std::int64_t nanoseconds_of(WallTime time) { return time.time_since_epoch().count(); }

class StoreSink final : public Sink {
 public:
  StoreSink(db::Connection connection, Retention retention)
      : connection_(std::move(connection)), retention_(retention) {}

  std::string_view name() const override { return "store"; }
  bool can_be_durable() const override { return true; }

  Result<> write(const Batch& batch, Durable durable) override {
    if (durable != durable_ || !known_) {
      GATEHOUSE_CHECK(connection_.set_durability(durable == Durable::now ? db::Durability::full
                                                                         : db::Durability::normal));
      durable_ = durable;
      known_ = true;
    }
    GATEHOUSE_TRY(db::Transaction transaction,
                  db::Transaction::begin(connection_, db::Transaction::Kind::write));
    GATEHOUSE_TRY(std::int64_t position,
                  number("SELECT position + events FROM gatehouse_events ORDER BY position DESC LIMIT 1"));
    position = std::max(position, next_);  // also when all that was there is gone
    for (std::span<const LineFacts> rest = batch.facts; !rest.empty();) {
      const std::span<const LineFacts> run = rest.first(length_of_run(rest));
      GATEHOUSE_CHECK(insert(batch, run, position));
      position += static_cast<std::int64_t>(run.size());
      rest = rest.subspan(run.size());
    }
    for (const Original& original : batch.originals) {
      GATEHOUSE_CHECK(connection_.execute(
          "INSERT INTO gatehouse_originals (time, request_id, status, head, body) VALUES (?, ?, ?, ?, ?)",
          {nanoseconds_of(original.time), original.request_id, original.status, db::Blob{original.head},
           db::Blob{original.body}}));
    }
    GATEHOUSE_CHECK(transaction.commit());
    next_ = position;
    return {};
  }

  Result<> tidy(WallTime now) override {
    GATEHOUSE_CHECK(remove_before(nanoseconds_of(now - retention_.age)));
    GATEHOUSE_TRY(db::Transaction transaction,
                  db::Transaction::begin(connection_, db::Transaction::Kind::write));
    for (int runs = 0; runs < kMostRemoved; ++runs) {
      GATEHOUSE_TRY(const std::int64_t used, pages_in_use());
      if (used <= static_cast<std::int64_t>(retention_.size.bytes)) break;
      GATEHOUSE_CHECK(connection_.execute(
          "DELETE FROM gatehouse_events WHERE position = (SELECT min(position) FROM gatehouse_events)"));
    }
    return transaction.commit();
  }

 private:
  static std::size_t length_of_run(std::span<const LineFacts> facts) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      bytes += facts[i].size;
      if (bytes > kRunBytes) return std::max<std::size_t>(i, 1);
    }
    return facts.size();
  }

  Result<> insert(const Batch& batch, std::span<const LineFacts> run, std::int64_t position) {
    const auto by_time = [](const LineFacts& a, const LineFacts& b) { return a.time < b.time; };
    const auto [earliest, latest] = std::minmax_element(run.begin(), run.end(), by_time);
    const std::uint32_t begin = run.front().offset;
    const std::uint32_t end = run.back().offset + run.back().size;
    return connection_.execute(
        "INSERT INTO gatehouse_events (position, events, earliest, latest, lines) VALUES (?, ?, ?, ?, ?)",
        {position, static_cast<std::int64_t>(run.size()), nanoseconds_of(earliest->time),
         nanoseconds_of(latest->time), std::string_view(batch.lines).substr(begin, end - begin)});
  }

  // A bounded piece, so that a writer of keys does not wait for long; the next call goes on.
  Result<> remove_before(std::int64_t time) {
    GATEHOUSE_CHECK(connection_.execute(
        "DELETE FROM gatehouse_events WHERE position IN "
        "(SELECT position FROM gatehouse_events WHERE latest < ? ORDER BY latest LIMIT 64)",
        {time}));
    return connection_.execute(
        "DELETE FROM gatehouse_originals WHERE rowid IN "
        "(SELECT rowid FROM gatehouse_originals WHERE time < ? ORDER BY time LIMIT 200)",
        {time});
  }

  Result<std::int64_t> pages_in_use() {
    GATEHOUSE_TRY(const std::int64_t pages, number("PRAGMA page_count"));
    GATEHOUSE_TRY(const std::int64_t free, number("PRAGMA freelist_count"));
    GATEHOUSE_TRY(const std::int64_t size, number("PRAGMA page_size"));
    return (pages - free) * size;
  }

  Result<std::int64_t> number(db::Sql sql) {
    GATEHOUSE_TRY(db::Rows rows, connection_.query(sql));
    GATEHOUSE_TRY(const bool there, rows.next());
    return there ? rows.integer(0) : 0;
  }

  db::Connection connection_;
  const Retention retention_;
  std::int64_t next_ = 1;  // position of the next event
  Durable durable_ = Durable::later;
  bool known_ = false;
};

}  // namespace

Result<> prepare_event_tables(db::Connection& connection) {
  return db::migrate(connection, "events", kSteps);
}

std::unique_ptr<Sink> store_sink(db::Connection connection, Retention retention) {
  return std::make_unique<StoreSink>(std::move(connection), retention);
}

}  // namespace gatehouse::audit
