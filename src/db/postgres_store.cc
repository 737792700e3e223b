#include "db/postgres_store.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "db/detached.h"
#include "db/postgres_connection.h"
#include "net/loop.h"
#include "net/notifier.h"

namespace gatehouse::db {

namespace {

// The pause between two runs of one work: the conflicting transaction is done by then.
constexpr std::chrono::milliseconds kFirstBackOff{1};
constexpr std::chrono::milliseconds kLongestBackOff{64};
constexpr std::chrono::minutes kMigrateFor{5};
constexpr std::chrono::hours kLongestTransaction{1};  // the longest transaction, with any deadline

// A statement may run a tenth longer than its caller waits: PostgreSQL then ends it, and later than that the
// connection is closed.
MonotonicTime limit_behind(MonotonicTime deadline, MonotonicTime now) {
  const auto left = std::min<MonotonicTime::duration>(deadline - now, kLongestTransaction);
  return now + left + left / 10 + std::chrono::milliseconds{10};
}

}  // namespace

// The connections, and a place for each transaction that may have one.
class PostgresStore::Pool {
 public:
  Pool(PostgresOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // One transaction's right to a connection.
  class Place {
   public:
    explicit Place(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
    Place(Place&&) noexcept = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (pool_) pool_->leave();
    }

   private:
    std::shared_ptr<Pool> pool_;
  };

  bool enter() {
    const std::lock_guard lock(mutex_);
    if (places_taken_ == options_.connections) return false;
    ++places_taken_;
    return true;
  }

  // The connection that was given back last; null: there is none.
  std::unique_ptr<PostgresConnection> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  void give_back(std::unique_ptr<PostgresConnection> connection) {
    connection->detach();
    if (!connection->idle()) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }

  const PostgresOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }
  net::Notifier& left() { return left_; }

 private:
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      --places_taken_;
    }
    left_.notify();
  }

  const PostgresOptions options_;
  const Clock& clock_;
  net::Notifier left_;
  std::mutex mutex_;
  std::size_t places_taken_ = 0;
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
};

class PostgresStore::OnConnection final : public Session {
 public:
  OnConnection(PostgresConnection& connection, MonotonicTime until)
      : connection_(connection), until_(until) {}

  bool must_run_again() const { return run_again_; }
  // Several statements, without values.
  net::Task<Result<>> script(Sql text) {
    auto answer = co_await connection_.command(std::string(text.view()), until_);
    if (!answer) co_return std::unexpected(keep(answer.error()));
    co_return Result<>{};
  }

 private:
  net::Task<Result<RowSet>> run_statement(Statement statement, std::span<const Parameter> values) override {
    auto answer = co_await connection_.run(statement.postgres(), values, until_);
    if (!answer) co_return std::unexpected(keep(answer.error()));
    co_return *std::move(answer);
  }
  Error keep(const PostgresConnection::Refused& refused) {
    run_again_ = run_again_ || refused.run_again;
    return refused.error;
  }

  PostgresConnection& connection_;
  const MonotonicTime until_;
  bool run_again_ = false;
};

PostgresStore::PostgresStore(PostgresOptions options, const Clock& clock)
    : pool_(std::make_shared<Pool>(std::move(options), clock)) {}

PostgresStore::~PostgresStore() = default;

net::Task<Result<>> PostgresStore::perform(net::Loop& loop, Mode mode, MonotonicTime deadline,
                                           std::shared_ptr<Job> job) {
  return admitted(loop, mode == Mode::read ? Isolation::read : Isolation::write, deadline, std::move(job));
}

net::Task<Result<>> PostgresStore::admitted(net::Loop& loop, Isolation isolation, MonotonicTime deadline,
                                            std::shared_ptr<Job> job) {
  for (;;) {
    const std::uint64_t seen = pool_->left().version();
    if (pool_->clock().monotonic() >= deadline) {
      co_return failure(ErrorCode::timeout, "the store was not free in time", Retry::yes);
    }
    if (pool_->enter()) break;
    co_await pool_->left().wait(loop, seen, deadline);
  }
  Result<> done = co_await detached(loop, transaction(pool_, loop, isolation, deadline, std::move(job)));
  co_return done;
}

net::Task<Result<>> PostgresStore::transaction(std::shared_ptr<Pool> pool, net::Loop& loop,
                                               Isolation isolation, MonotonicTime deadline,
                                               std::shared_ptr<Job> job) {
  const Pool::Place place(pool);
  auto pause = kFirstBackOff;
  for (;;) {
    const MonotonicTime now = pool->clock().monotonic();
    if (now >= deadline)
      co_return failure(ErrorCode::timeout, "the work in the store did not end in time", Retry::yes);
    const MonotonicTime limit = limit_behind(deadline, now);
    std::unique_ptr<PostgresConnection> connection = pool->take();
    const bool reused = connection != nullptr;
    if (reused) {
      connection->attach(loop);
    } else {
      auto fresh = co_await PostgresConnection::connect(loop, pool->options(), deadline);
      GATEHOUSE_CO_CHECK(fresh);
      connection = *std::move(fresh);
    }
    constexpr std::string_view kHow[] = {"REPEATABLE READ READ ONLY", "SERIALIZABLE", "READ COMMITTED"};
    auto begun = co_await connection->command(
        fmt::format("BEGIN ISOLATION LEVEL {}; SET LOCAL statement_timeout = {}",
                    kHow[static_cast<std::size_t>(isolation)],
                    std::chrono::ceil<std::chrono::milliseconds>(limit - now).count()),
        limit);
    if (!begun && reused && connection->lost()) continue;  // the server ended it while it was idle
    if (!begun) co_return std::unexpected(begun.error().error);

    OnConnection session(*connection, limit);
    Result<> done = co_await job->run(session);
    bool run_again = session.must_run_again();
    if (done) {
      auto committed = co_await connection->command("COMMIT", limit);
      if (!committed) {
        run_again = committed.error().run_again;
        done = std::unexpected(committed.error().error);
        if (connection->lost()) {
          co_return failure(ErrorCode::unavailable,
                            fmt::format("{}; it is unknown whether the change was made", done.error().text));
        }
      }
    } else if (!connection->lost()) {
      auto undone = co_await connection->command("ROLLBACK", limit);
      static_cast<void>(undone);  // a connection that is not idle then is closed
    }
    pool->give_back(std::move(connection));
    if (!run_again || job->exception) co_return done;
    co_await net::sleep_until(loop, pool->clock().monotonic() + pause);
    pause = std::min(2 * pause, kLongestBackOff);
  }
}

net::Task<Result<>> PostgresStore::migrate(net::Loop& loop, std::string_view component,
                                           std::span<const Statement> steps) {
  const std::vector<Statement> list(steps.begin(), steps.end());
  // One migration at a time, each on the result of the one before.
  Work<void> work = [list, name = std::string(component)](Session& any) -> net::Task<Result<>> {
    auto& session = static_cast<OnConnection&>(any);
    const Result<> alone = co_await session.script(
        "SELECT pg_advisory_xact_lock(7451086723911);"
        "CREATE TABLE IF NOT EXISTS schema_versions (component text PRIMARY KEY, version bigint NOT NULL)");
    GATEHOUSE_CO_CHECK(alone);
    const Parameter wanted[] = {name};
    auto rows = co_await session.run("SELECT version FROM schema_versions WHERE component = $1", wanted);
    GATEHOUSE_CO_CHECK(rows);
    const std::size_t version = rows->empty() ? 0 : static_cast<std::size_t>((*rows)[0].integer(0));
    if (version > list.size()) {
      co_return failure(ErrorCode::conflict,
                        fmt::format("the tables of {} are of version {}; this program knows them up to {}",
                                    name, version, list.size()));
    }
    if (version == list.size()) co_return Result<>{};
    for (std::size_t i = version; i < list.size(); ++i) {
      if (list[i].postgres().view().empty()) continue;
      const Result<> made = co_await session.script(list[i].postgres());
      GATEHOUSE_CO_CHECK(made);
    }
    const Parameter now[] = {name, static_cast<std::int64_t>(list.size())};
    rows = co_await session.run(
        "INSERT INTO schema_versions VALUES ($1, $2) "
        "ON CONFLICT (component) DO UPDATE SET version = excluded.version",
        now);
    GATEHOUSE_CO_CHECK(rows);
    co_return Result<>{};
  };
  const auto job = std::make_shared<JobOf<void>>(std::move(work));
  Result<> done = co_await admitted(loop, Isolation::migrate, pool_->clock().monotonic() + kMigrateFor, job);
  if (job->exception) std::rethrow_exception(job->exception);
  co_return done;
}

}  // namespace gatehouse::db
