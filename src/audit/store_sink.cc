#include "audit/store_sink.h"

namespace gatehouse::audit {

namespace {

constexpr db::Sql kSteps[] = {
    "CREATE TABLE gatehouse_events ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"  // never reused: whoever follows reads on from the last one
    "  time INTEGER NOT NULL,"                  // nanoseconds since 1970
    "  request_id TEXT NOT NULL,"
    "  line TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX gatehouse_events_time ON gatehouse_events (time);"
    "CREATE INDEX gatehouse_events_request ON gatehouse_events (request_id);"
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
    for (const LineFacts& facts : batch.facts) {
      const std::string_view line = batch.line(facts);
      GATEHOUSE_CHECK(connection_.execute(
          "INSERT INTO gatehouse_events (time, request_id, line) VALUES (?, ?, ?)",
          {nanoseconds_of(facts.time), facts.request_id(), line.substr(0, line.size() - 1)}));
    }
    for (const Original& original : batch.originals) {
      GATEHOUSE_CHECK(connection_.execute(
          "INSERT INTO gatehouse_originals (time, request_id, status, head, body) VALUES (?, ?, ?, ?, ?)",
          {nanoseconds_of(original.time), original.request_id, original.status, db::Blob{original.head},
           db::Blob{original.body}}));
    }
    return transaction.commit();
  }

  Result<> tidy(WallTime now) override {
    GATEHOUSE_CHECK(remove_before(nanoseconds_of(now - retention_.age)));
    GATEHOUSE_TRY(const std::int64_t used, pages_in_use());
    if (used <= static_cast<std::int64_t>(retention_.size.bytes)) return {};
    GATEHOUSE_TRY(const std::int64_t oldest,
                  number("SELECT coalesce(max(time), 0) + 1 FROM "
                         "(SELECT time FROM gatehouse_events ORDER BY time LIMIT 2000)"));
    return remove_before(oldest);
  }

 private:
  // A bounded piece, so that a writer of keys does not wait for long; the next call goes on.
  Result<> remove_before(std::int64_t time) {
    GATEHOUSE_CHECK(
        connection_.execute("DELETE FROM gatehouse_events WHERE seq IN "
                            "(SELECT seq FROM gatehouse_events WHERE time < ? ORDER BY time LIMIT 2000)",
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
