#include "audit/store_sink.h"

#include <algorithm>
#include <span>

#include "audit/event_files.h"

namespace gatehouse::audit {

namespace {

constexpr db::Sql kSteps[] = {
    "CREATE TABLE gatehouse_events ("
    "  position INTEGER PRIMARY KEY,"
    "  events INTEGER NOT NULL,"
    "  earliest INTEGER NOT NULL,"
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
    // Lines are in files (event_files.h), found by the times that a run of them spans: a row for each event
    // would cost as much as answering the request.
    "DROP TABLE gatehouse_events;"
    "CREATE TABLE gatehouse_runs ("
    "  position INTEGER PRIMARY KEY,"  // of the first event; the others follow
    "  events INTEGER NOT NULL,"
    "  earliest INTEGER NOT NULL,"  // nanoseconds since 1970
    "  latest INTEGER NOT NULL,"
    "  file INTEGER NOT NULL,"
    "  offset INTEGER NOT NULL,"
    "  size INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX gatehouse_runs_latest ON gatehouse_runs (latest);",
};

constexpr std::size_t kRunBytes = std::size_t{64} << 10U;

class StoreSink final : public Sink {
 public:
  StoreSink(db::Connection connection, Retention retention)
      : connection_(std::move(connection)), files_(event_folder(connection_)), retention_(retention) {}

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
    // Under the write lock: where another process may have written, this one goes on behind it.
    GATEHOUSE_TRY(End end, find_end());
    if (!batch.facts.empty()) {
      if (end.offset >= static_cast<std::int64_t>(retention_.file.bytes))
        end = {end.position, end.file + 1, 0};
      GATEHOUSE_CHECK(files_.write(end.file, end.offset, batch.lines, durable));
    }
    for (std::span<const LineFacts> rest = batch.facts; !rest.empty();) {
      const std::span<const LineFacts> run = rest.first(length_of_run(rest));
      GATEHOUSE_CHECK(insert(run, end));
      rest = rest.subspan(run.size());
    }
    for (const Original& original : batch.originals) {
      GATEHOUSE_CHECK(connection_.execute(
          "INSERT INTO gatehouse_originals (time, request_id, status, head, body) VALUES (?, ?, ?, ?, ?)",
          {nanoseconds_of(original.time), original.request_id, original.status, db::Blob{original.head},
           db::Blob{original.body}}));
    }
    GATEHOUSE_CHECK(transaction.commit());
    end_ = end;
    return {};
  }

  Result<> tidy(WallTime now) override {
    GATEHOUSE_CHECK(remove_before(nanoseconds_of(now - retention_.age)));
    GATEHOUSE_CHECK(keep_to_size());
    return remove_bytes();
  }

 private:
  // Behind the last event.
  struct End {
    std::int64_t position = 1;  // of the next event
    std::int64_t file = 1;
    std::int64_t offset = 0;
  };

  Result<End> find_end() {
    GATEHOUSE_TRY(db::Rows rows,
                  connection_.query("SELECT position + events, file, offset + size FROM gatehouse_runs "
                                    "ORDER BY position DESC LIMIT 1"));
    GATEHOUSE_TRY(const bool there, rows.next());
    if (there && rows.integer(0) >= end_.position)
      return End{rows.integer(0), rows.integer(1), rows.integer(2)};
    return end_;  // also when all that was there is gone
  }

  static std::size_t length_of_run(std::span<const LineFacts> facts) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      bytes += facts[i].size;
      if (bytes > kRunBytes) return std::max<std::size_t>(i, 1);
    }
    return facts.size();
  }

  // Moves `end` behind the run.
  Result<> insert(std::span<const LineFacts> run, End& end) {
    const auto by_time = [](const LineFacts& a, const LineFacts& b) { return a.time < b.time; };
    const auto [earliest, latest] = std::minmax_element(run.begin(), run.end(), by_time);
    const std::int64_t size = run.back().offset + run.back().size - run.front().offset;
    GATEHOUSE_CHECK(connection_.execute(
        "INSERT INTO gatehouse_runs (position, events, earliest, latest, file, offset, size) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        {end.position, static_cast<std::int64_t>(run.size()), nanoseconds_of(earliest->time),
         nanoseconds_of(latest->time), end.file, end.offset, size}));
    end.position += static_cast<std::int64_t>(run.size());
    end.offset += size;
    return {};
  }

  // A bounded piece, so that a writer of keys does not wait for long; the next call goes on.
  Result<> remove_before(std::int64_t time) {
    GATEHOUSE_CHECK(connection_.execute(
        "DELETE FROM gatehouse_runs WHERE position IN "
        "(SELECT position FROM gatehouse_runs WHERE latest < ? ORDER BY latest LIMIT 1000)",
        {time}));
    return connection_.execute(
        "DELETE FROM gatehouse_originals WHERE rowid IN "
        "(SELECT rowid FROM gatehouse_originals WHERE time < ? ORDER BY time LIMIT 200)",
        {time});
  }

  // What no run names any more is not to be found on the disk either.
  Result<> remove_bytes() {
    GATEHOUSE_TRY(db::Rows rows,
                  connection_.query("SELECT file, offset FROM gatehouse_runs ORDER BY position LIMIT 1"));
    GATEHOUSE_TRY(const bool there, rows.next());
    return there ? files_.remove_before(rows.integer(0), rows.integer(1))
                 : files_.remove_before(end_.file, end_.offset);
  }

  // Files go as a whole. A quarter is for what is in the database.
  Result<> keep_to_size() {
    GATEHOUSE_TRY(const std::int64_t first, number("SELECT min(file) FROM gatehouse_runs"));
    GATEHOUSE_TRY(const std::int64_t last, number("SELECT max(file) FROM gatehouse_runs"));
    const auto most = static_cast<std::int64_t>(retention_.size.bytes / 4 * 3 / retention_.file.bytes);
    if (last - first + 1 > std::max<std::int64_t>(most, 1)) {
      GATEHOUSE_CHECK(connection_.execute(
          "DELETE FROM gatehouse_runs WHERE position IN "
          "(SELECT position FROM gatehouse_runs ORDER BY position LIMIT 1000) AND file = ?",
          {first}));
    }
    GATEHOUSE_TRY(const std::int64_t used, pages_in_use());
    if (used <= static_cast<std::int64_t>(retention_.size.bytes / 4)) return {};
    return connection_.execute(
        "DELETE FROM gatehouse_originals WHERE rowid IN "
        "(SELECT rowid FROM gatehouse_originals ORDER BY time LIMIT 200)");
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
  EventFileWriter files_;
  const Retention retention_;
  End end_;
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
