#include "audit/store_sink.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

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
    // A run is found by one look-up where it spans less than kRunSpan, as all do that are written from here
    // on.
    "CREATE INDEX gatehouse_runs_earliest ON gatehouse_runs (earliest);"
    "CREATE INDEX gatehouse_runs_wide ON gatehouse_runs (latest) WHERE latest - earliest >= 1000000000;"
    "CREATE INDEX gatehouse_runs_file ON gatehouse_runs (file);",
    // How far each reader of the log is (event_cursor.h).
    "CREATE TABLE gatehouse_cursors ("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE,"
    "  position INTEGER NOT NULL"  // of the first event that it has not had
    ") STRICT;",
    "ALTER TABLE gatehouse_runs ADD COLUMN writer INTEGER NOT NULL DEFAULT 0;",
    // Nothing asks which process wrote a run, and files are in the order of positions.
    "ALTER TABLE gatehouse_runs DROP COLUMN writer;"
    "DROP INDEX gatehouse_runs_file;",
};

// Each run costs a row and its entries in the indexes; `why` reads one run, or a few.
constexpr std::size_t kRunBytes = std::size_t{256} << 10U;
// How long one tidying may take: an event that waits to be durable waits for it.
constexpr std::chrono::milliseconds kTidyFor{100};

class StoreSink final : public Sink {
 public:
  StoreSink(db::Connection connection, Retention retention)
      : connection_(std::move(connection)),
        files_(event_folder(connection_)),
        retention_(std::move(retention)) {}

  std::string_view name() const override { return "store"; }
  bool can_be_durable() const override { return true; }

  Result<> write(const Batch& batch, Durable durable) override {
    GATEHOUSE_CHECK(use_file_in_place());
    if (durable != durable_ || !known_) {
      GATEHOUSE_CHECK(connection_.set_durability(durable == Durable::now ? db::Durability::full
                                                                         : db::Durability::normal));
      durable_ = durable;
      known_ = true;
    }
    if (std::exchange(file_begun_, false)) make_room();
    GATEHOUSE_TRY(db::Transaction transaction,
                  db::Transaction::begin(connection_, db::Transaction::Kind::write));
    // Under the write lock: if another process has written, this one continues after it.
    GATEHOUSE_TRY(End end, find_end());
    const Batch& sorted = by_second(batch);
    if (!sorted.facts.empty()) {
      if (end.offset >= static_cast<std::int64_t>(retention_.file.bytes))
        end = {end.position, end.file + 1, 0};
      GATEHOUSE_CHECK(files_.write(end.file, end.offset, sorted.lines, durable));
    }
    for (std::span<const LineFacts> rest = sorted.facts; !rest.empty();) {
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
    // Removed meanwhile, it keeps nothing: the batch is written to the next one.
    if (const auto still = connection_.file(); !still) return std::unexpected(still.error());
    file_begun_ = end.file != end_.file;
    end_ = end;
    return {};
  }

  Result<> tidy(WallTime now) override {
    GATEHOUSE_CHECK(use_file_in_place());
    const auto end = std::chrono::steady_clock::now() + kTidyFor;
    for (;;) {
      GATEHOUSE_TRY(const bool by_age, remove_before(nanoseconds_of(now - retention_.age)));
      GATEHOUSE_TRY(const bool by_size, keep_to_size());
      if ((!by_age && !by_size) || std::chrono::steady_clock::now() >= end) break;
    }
    GATEHOUSE_CHECK(watch_size(now));
    return remove_bytes();
  }

  SinkState state() const override {
    return {.used_bytes = used_.load(std::memory_order_relaxed), .most_bytes = retention_.size.bytes};
  }

 private:
  // Behind the last event.
  struct End {
    std::int64_t position = 1;  // of the next event
    std::int64_t file = 1;
    std::int64_t offset = 0;
  };

  // An event in a file without a name is lost, so a store that was removed or replaced is never written to.
  Result<> use_file_in_place() {
    GATEHOUSE_TRY(const bool is_another, connection_.use_file_in_place());
    if (!is_another) return {};
    known_ = false;
    return prepare_event_tables(connection_);
  }

  Result<End> find_end() {
    GATEHOUSE_TRY(db::Rows rows,
                  connection_.query("SELECT position + events, file, offset + size FROM gatehouse_runs "
                                    "ORDER BY position DESC LIMIT 1"));
    GATEHOUSE_TRY(const bool there, rows.next());
    const End last = there ? End{rows.integer(0), rows.integer(1), rows.integer(2)} : End{};
    if (there && last.position >= end_.position) return last;
    // All that was there is gone. No position comes twice: a reader would pass over it. Nor is a byte written
    // twice that another process may have written into this file's folder.
    GATEHOUSE_TRY(const std::int64_t read,
                  number("SELECT coalesce(max(position), 1) FROM gatehouse_cursors"));
    End end = std::tie(end_.file, end_.offset) < std::tie(last.file, last.offset) ? last : end_;
    end.position = std::max(end_.position, read);
    return end;
  }

  // The batch with the events of each second together: one that took long began in another second than its
  // neighbours. Mostly they are together already.
  const Batch& by_second(const Batch& batch) {
    const auto earlier = [](const LineFacts& a, const LineFacts& b) { return second_of(a) < second_of(b); };
    if (std::ranges::is_sorted(batch.facts, earlier)) return batch;
    sorted_.clear();
    sorted_.facts = batch.facts;
    std::ranges::stable_sort(sorted_.facts, earlier);
    for (LineFacts& facts : sorted_.facts) {
      const std::string_view line = batch.line(facts);
      facts.offset = static_cast<std::uint32_t>(sorted_.lines.size());
      sorted_.lines += line;
    }
    return sorted_;
  }
  static std::int64_t second_of(const LineFacts& facts) {
    return std::chrono::floor<std::chrono::seconds>(facts.time).time_since_epoch().count();
  }

  // Of one second, so that a run is found by a time that one of its events may have.
  static std::size_t length_of_run(std::span<const LineFacts> facts) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      bytes += facts[i].size;
      if (i > 0 && (bytes > kRunBytes || second_of(facts[i]) != second_of(facts[0]))) return i;
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

  // A bounded piece, so that a writer of keys does not wait for long. Returns whether there was one. Events
  // that a reader of the log has not had stay, until they are deleted because of the size.
  Result<bool> remove_before(std::int64_t time) {
    GATEHOUSE_CHECK(
        connection_.execute("DELETE FROM gatehouse_runs WHERE position IN "
                            "(SELECT position FROM gatehouse_runs WHERE latest < ?1 AND position + events <= "
                            "coalesce((SELECT min(position) FROM gatehouse_cursors), 9223372036854775807) "
                            "ORDER BY latest LIMIT 2000)",
                            {time}));
    const bool some = connection_.changed_rows() > 0;
    GATEHOUSE_CHECK(
        connection_.execute("DELETE FROM gatehouse_originals WHERE rowid IN "
                            "(SELECT rowid FROM gatehouse_originals WHERE time < ? ORDER BY time LIMIT 200)",
                            {time}));
    return some || connection_.changed_rows() > 0;
  }

  // Events of deleted runs are removed from the disk too.
  Result<> remove_bytes() {
    GATEHOUSE_TRY(db::Rows rows,
                  connection_.query("SELECT file, offset FROM gatehouse_runs ORDER BY position LIMIT 1"));
    GATEHOUSE_TRY(const bool there, rows.next());
    return there ? files_.remove_before(rows.integer(0), rows.integer(1))
                 : files_.remove_before(end_.file, end_.offset);
  }

  // Old files are deleted as fast as new ones are begun, so that the size bound holds at any rate of writing.
  // The next tidy() reports a failure.
  void make_room() {
    constexpr int kMostPieces = 4;
    for (int i = 0; i < kMostPieces; ++i) {
      if (const auto some = keep_to_size(); !some || !*some) break;
    }
    static_cast<void>(remove_bytes());
  }

  // Files are deleted as a whole: first their runs, so that nothing in them is found, then the files. A
  // quarter is for the database's content. Returns whether any were deleted.
  Result<bool> keep_to_size() {
    bool some = false;
    GATEHOUSE_TRY(const std::int64_t first, first_file());
    GATEHOUSE_TRY(const std::int64_t last, last_file());
    const auto most = static_cast<std::int64_t>(retention_.size.bytes / 4 * 3 / retention_.file.bytes);
    if (last - first + 1 > std::max<std::int64_t>(most, 1)) {
      GATEHOUSE_CHECK(connection_.execute(
          "DELETE FROM gatehouse_runs WHERE position IN "
          "(SELECT position FROM gatehouse_runs ORDER BY position LIMIT 2000) AND file = ?",
          {first}));
      some = connection_.changed_rows() > 0;
    }
    GATEHOUSE_TRY(const std::int64_t used, pages_in_use());
    if (used <= static_cast<std::int64_t>(retention_.size.bytes / 4)) return some;
    GATEHOUSE_CHECK(
        connection_.execute("DELETE FROM gatehouse_originals WHERE rowid IN "
                            "(SELECT rowid FROM gatehouse_originals ORDER BY time LIMIT 200)"));
    return some || connection_.changed_rows() > 0;
  }

  // Files and database have their own parts of the size: the fuller one counts.
  Result<> watch_size(WallTime now) {
    GATEHOUSE_TRY(const std::int64_t first, first_file());
    GATEHOUSE_TRY(const std::int64_t pages, pages_in_use());
    const auto whole =
        static_cast<std::uint64_t>(std::max<std::int64_t>(end_.file - std::max<std::int64_t>(first, 1), 0));
    const std::uint64_t files = whole * retention_.file.bytes + static_cast<std::uint64_t>(end_.offset);
    const auto database = static_cast<std::uint64_t>(pages);
    used_.store(files + database, std::memory_order_relaxed);
    const std::uint64_t quarter = retention_.size.bytes / 4;
    const bool filling = files >= quarter * 3 / 5 * 4 || database >= quarter / 5 * 4;
    if (!filling || !retention_.on_filling || (told_ && now - *told_ < Retention::kAgain)) return {};
    told_ = now;
    retention_.on_filling(fmt::format(
        "the event store holds {} MiB of the {} MiB of keep_size: at the bound it deletes the oldest events "
        "and originals, even before keep_events; raise keep_size, or lower keep_events",
        (files + database) >> 20U, retention_.size.bytes >> 20U));
    return {};
  }

  // 0: there is no run.
  Result<std::int64_t> first_file() {
    return number("SELECT file FROM gatehouse_runs ORDER BY position LIMIT 1");
  }
  Result<std::int64_t> last_file() {
    return number("SELECT file FROM gatehouse_runs ORDER BY position DESC LIMIT 1");
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
  bool file_begun_ = false;  // since room was made for one
  std::atomic<std::uint64_t> used_{0};
  std::optional<WallTime> told_;  // of on_filling
  Batch sorted_;                  // of the last batch that was not; keeps its memory
};

}  // namespace

Result<> prepare_event_tables(db::Connection& connection) {
  return db::migrate(connection, "events", kSteps);
}

std::unique_ptr<Sink> store_sink(db::Connection connection, Retention retention) {
  return std::make_unique<StoreSink>(std::move(connection), std::move(retention));
}

}  // namespace gatehouse::audit
