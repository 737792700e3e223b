#include "db/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include "net/finish.h"
#include "net/loop.h"

namespace gatehouse::db {

namespace {

constexpr std::size_t kShareOneCommit = 256;

Result<Connection> open_for(Store::Mode mode, const OpenOptions& options) {
  GATEHOUSE_TRY(Connection connection, Connection::open(options));
  if (mode == Store::Mode::read) GATEHOUSE_CHECK(connection.execute("PRAGMA query_only = ON"));
  return connection;
}

}  // namespace

Result<RowSet> run_now(Connection& connection, Statement statement, std::span<const Parameter> values) {
  GATEHOUSE_TRY(Rows rows, connection.query_with(statement.sqlite(), values));
  RowSet set(rows.columns());
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) break;
    rows.append_to(set);
  }
  set.changed = connection.changed_rows();
  return set;
}

Result<FileIdentity> file_at(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    return failure(ErrorCode::not_found, fmt::format("{} does not exist any more", path), Retry::yes);
  }
  return FileIdentity{facts.st_dev, facts.st_ino};
}

class SqliteStore::OnConnection final : public Session {
 public:
  explicit OnConnection(Connection& connection) : connection_(connection) {}

 private:
  net::Task<Result<RowSet>> run_statement(Statement statement, std::span<const Parameter> values) override {
    auto rows = run_now(connection_, statement, values);
    co_return rows;
  }

  Connection& connection_;
};

// One work on its way through a lane.
struct SqliteStore::Call {
  std::shared_ptr<Job> job;
  MonotonicTime deadline;
  std::shared_ptr<net::Mailbox> mailbox;
  std::atomic<bool> wanted{true};   // false: the caller has gone
  std::optional<Result<>> result;   // the lane's, until it is posted
  std::coroutine_handle<> waiting;  // null: the caller has gone. The loop's thread only
};

// A thread with a connection, and the works that wait for it.
class SqliteStore::Lane {
 public:
  Lane(Mode mode, Replaced replaced, OpenOptions options, Connection connection, FileIdentity file,
       const Clock& clock)
      : mode_(mode),
        replaced_(replaced),
        options_(std::move(options)),
        clock_(clock),
        connection_(std::move(connection)),
        file_(file),
        seen_(file),
        thread_([this] { serve(); }) {}
  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void submit(std::shared_ptr<Call> call) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(std::move(call));
    }
    changed_.notify_one();
  }
  FileIdentity seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  using Calls = std::vector<std::shared_ptr<Call>>;

  void serve() {
    while (serve_some()) {
    }
  }

  // Runs the gathered works; false at the end. It keeps none of them.
  bool serve_some() {
    const Calls batch = take();
    run_together(batch);
    // A failure that rolled back the whole transaction undid other works too: they run again.
    for (const auto& call : batch) {
      if (!call->result) run_together({call});
    }
    for (const auto& call : batch) {
      call->mailbox->post([call] {
        if (call->waiting) std::exchange(call->waiting, nullptr).resume();
      });
    }
    return !batch.empty();
  }

  // Empty at the end.
  Calls take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || !calls_.empty(); });
    const std::size_t most = mode_ == Mode::read ? 1 : kShareOneCommit;
    const auto end = calls_.begin() + static_cast<std::ptrdiff_t>(std::min(most, calls_.size()));
    Calls taken(std::make_move_iterator(calls_.begin()), std::make_move_iterator(end));
    calls_.erase(calls_.begin(), end);
    return taken;
  }

  static void settle(const Calls& group, const Result<>& result) {
    for (const auto& call : group) {
      if (!call->result) call->result = result;
    }
  }

  // Works without a result at its end are to run again.
  void run_together(const Calls& group) {
    const MonotonicTime now = clock_.monotonic();
    MonotonicTime latest = now;
    for (const auto& call : group) {
      if (!call->wanted.load(std::memory_order_relaxed)) {
        call->result = failure(ErrorCode::cancelled, "the caller has disconnected");
      } else if (call->deadline <= now) {
        call->result = failure(ErrorCode::timeout, "the store was not free in time", Retry::yes);
      } else {
        latest = std::max(latest, call->deadline);
      }
    }
    if (latest == now) return;
    if (const auto ready = use_file_in_place(); !ready) return settle(group, ready);
    connection_.set_busy_timeout(
        std::min(options_.busy_timeout, std::chrono::ceil<std::chrono::milliseconds>(latest - now)));
    auto transaction = Transaction::begin(
        connection_, mode_ == Mode::read ? Transaction::Kind::read : Transaction::Kind::write);
    if (!transaction) return settle(group, std::unexpected(transaction.error()));
    for (const auto& call : group) {
      if (call->result) continue;
      const auto done = run_in_savepoint(*call->job);
      if (!done) call->result = done;
      if (!connection_.in_transaction()) return;
    }
    Result<> committed = transaction->commit();
    if (committed) committed = check_place();
    settle(group, committed);
  }

  Result<> run_in_savepoint(Job& job) {
    GATEHOUSE_CHECK(connection_.execute("SAVEPOINT work"));
    Result<> done;
    try {
      OnConnection session(connection_);
      done = net::finish_without_waiting(job.run(session));
    } catch (const std::logic_error&) {
      done = failure(ErrorCode::internal, "a work in the store awaits something other than its session");
    }
    if (done) return connection_.execute("RELEASE work");
    if (connection_.in_transaction()) {
      GATEHOUSE_CHECK(connection_.execute("ROLLBACK TO work"));
      GATEHOUSE_CHECK(connection_.execute("RELEASE work"));
    }
    return done;
  }

  Result<> use_file_in_place() {
    GATEHOUSE_TRY(const FileIdentity there, file_at(options_.path));
    if (there == file_) return connection_.check_log();
    if (replaced_ == Replaced::refuse) return check_place();
    GATEHOUSE_TRY(connection_, open_for(mode_, options_));
    file_ = there;
    const std::lock_guard lock(mutex_);
    seen_ = there;
    return {};
  }

  // Whether the data was read from or written to the file that the path names.
  Result<> check_place() const {
    const auto there = file_at(options_.path);
    if (there && *there == file_) return {};
    return failure(mode_ == Mode::write ? ErrorCode::unavailable : ErrorCode::conflict,
                   fmt::format("{} was replaced meanwhile, and a change may be lost", options_.path));
  }

  const Mode mode_;
  const Replaced replaced_;
  const OpenOptions options_;
  const Clock& clock_;
  Connection connection_;  // the thread's
  FileIdentity file_;      // that the connection has open

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Calls calls_;
  FileIdentity seen_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

class SqliteStore::Waiting {
 public:
  Waiting(Lane& lane, std::shared_ptr<Call> call) : lane_(lane), call_(std::move(call)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    call_->waiting = nullptr;
    call_->wanted.store(false, std::memory_order_relaxed);
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    call_->waiting = waiting;
    lane_.submit(call_);
  }
  Result<> await_resume() { return *std::move(call_->result); }

 private:
  Lane& lane_;
  std::shared_ptr<Call> call_;
};

SqliteStore::SqliteStore(std::string path, std::unique_ptr<Lane> reader, std::unique_ptr<Lane> writer)
    : path_(std::move(path)), reader_(std::move(reader)), writer_(std::move(writer)) {}

SqliteStore::~SqliteStore() = default;

Result<std::shared_ptr<SqliteStore>> SqliteStore::open(const OpenOptions& options, const Clock& clock,
                                                       Replaced replaced) {
  const auto before = file_at(options.path);  // one that takes its place meanwhile is seen by the next work
  GATEHOUSE_TRY(Connection to_write, Connection::open(options));
  OpenOptions again = options;
  again.path = to_write.path();
  again.access = Access::read_write;
  FileIdentity file;
  if (before) {
    file = *before;
  } else {
    GATEHOUSE_TRY(file, to_write.file());
  }
  GATEHOUSE_TRY(Connection to_read, open_for(Mode::read, again));
  auto reader = std::make_unique<Lane>(Mode::read, replaced, again, std::move(to_read), file, clock);
  auto writer = std::make_unique<Lane>(Mode::write, replaced, again, std::move(to_write), file, clock);
  return std::shared_ptr<SqliteStore>(
      new SqliteStore(std::move(again.path), std::move(reader), std::move(writer)));
}

const std::string& SqliteStore::path() const { return path_; }

Result<FileIdentity> SqliteStore::file() const {
  const FileIdentity seen = reader_->seen();
  const auto there = file_at(path_);
  if (there && *there == seen) return seen;
  return failure(ErrorCode::conflict, fmt::format("{} is not the file that was opened", path_));
}

net::Task<Result<>> SqliteStore::perform(net::Loop& loop, Mode mode, MonotonicTime deadline,
                                         std::shared_ptr<Job> job) {
  const auto call = std::make_shared<Call>();
  call->job = std::move(job);
  call->deadline = deadline;
  call->mailbox = loop.mailbox();
  Waiting waiting(mode == Mode::read ? *reader_ : *writer_, call);
  Result<> done = co_await waiting;
  co_return done;
}

net::Task<Result<>> SqliteStore::migrate(net::Loop&, std::string_view component,
                                         std::span<const Statement> steps) {
  // Once at the start, before anything else runs: a connection of its own keeps the lanes simple.
  GATEHOUSE_CO_TRY(Connection connection, Connection::open({.path = path_, .access = Access::read_write}));
  std::vector<Sql> texts;
  for (const Statement& step : steps) texts.push_back(step.sqlite());
  const Result<> done = db::migrate(connection, component, texts);
  co_return done;
}

}  // namespace gatehouse::db
