// The port to the database in which Gatehouse keeps what is its own. Two drivers: SQLite (sqlite_store.h) and
// PostgreSQL (postgres_store.h); store_contract_test.cc says what both do.
//
//   Work<std::int64_t> rename = [id, name](Session& session) -> net::Task<Result<std::int64_t>> {
//     const Parameter values[] = {name, id};
//     auto rows = co_await session.run("UPDATE things SET name = $1 WHERE id = $2", values);
//     GATEHOUSE_CO_CHECK(rows);
//     co_return rows->changed;
//   };
//   // A named work: GCC 12 destroys what a lambda in a co_await expression has captured twice.
//   auto changed =
//       co_await store.transact<std::int64_t>(loop, Store::Mode::write, deadline, std::move(rename));
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "db/row_set.h"
#include "db/sql.h"
#include "net/task.h"

namespace gatehouse::net {
class Loop;
}

namespace gatehouse::db {

// A statement of Gatehouse's own. Its parameters are `$1`, `$2` and so on. One text for both databases, or
// one for each where they differ.
class Statement {
 public:
  template <std::size_t N>
  consteval Statement(const char (&both)[N])
      : sqlite_(both), postgres_(both) {}  // NOLINT: implicit on purpose
  consteval Statement(Sql sqlite, Sql postgres) : sqlite_(sqlite), postgres_(postgres) {}

  constexpr Sql sqlite() const { return sqlite_; }
  constexpr Sql postgres() const { return postgres_; }

 private:
  Sql sqlite_;
  Sql postgres_;
};

// One transaction, while it runs. After a statement has failed it can only end, and is rolled back whatever
// its work returns: PostgreSQL does so, and SQLite therefore too.
class Session {
 public:
  // `values` and the memory they borrow stay until the task has ended. One task at a time. Errors: `conflict`
  // for a violated constraint. `invalid` for a text with a zero byte, which PostgreSQL cannot hold.
  net::Task<Result<RowSet>> run(Statement statement, std::span<const Parameter> values);
  const std::optional<Error>& failed() const { return failed_; }

 protected:
  ~Session() = default;

 private:
  virtual net::Task<Result<RowSet>> run_statement(Statement statement, std::span<const Parameter> values) = 0;

  std::optional<Error> failed_;
};

// The body of one transaction. It awaits only its session, and owns its data. It may run on another thread
// than the one it was made on, continue after its request has been cancelled, and run again from its
// beginning if the database could not isolate the first run from another transaction. A failure rolls back.
template <typename T>
using Work = std::move_only_function<net::Task<Result<T>>(Session&)>;

class Store {
 public:
  enum class Mode : std::uint8_t {
    read,   // sees one state of the database, and changes nothing
    write,  // as if no other transaction ran meanwhile
  };

  virtual ~Store() = default;

  // The value that `work` returned, after the commit: then it is on the disk. After an error nothing has
  // changed, except for `unavailable` with Retry::no: then the outcome is unknown. `timeout`: it did not
  // begin or end before `deadline`. A cancelled caller takes back a work that has not begun; a work that has
  // begun continues to its end.
  template <typename T>
  net::Task<Result<T>> transact(net::Loop& loop, Mode mode, MonotonicTime deadline, Work<T> work) {
    const auto job = std::make_shared<JobOf<T>>(std::move(work));
    Result<> done = co_await perform(loop, mode, deadline, job);
    if (job->exception) std::rethrow_exception(job->exception);
    GATEHOUSE_CO_CHECK(done);
    co_return *std::move(job->result);
  }

  // Brings the tables of `component` from the version they have to version steps.size(), in one transaction:
  // step i leads from version i to i + 1. A step may hold several statements, without parameters. `conflict`
  // when the store is newer than this program.
  virtual net::Task<Result<>> migrate(net::Loop& loop, std::string_view component,
                                      std::span<const Statement> steps) = 0;

 protected:
  class Job {
   public:
    virtual ~Job() = default;
    // Does not throw.
    virtual net::Task<Result<>> run(Session& session) = 0;
    std::exception_ptr exception;  // of the last run
  };

  virtual net::Task<Result<>> perform(net::Loop& loop, Mode mode, MonotonicTime deadline,
                                      std::shared_ptr<Job> job) = 0;

  template <typename T>
  class JobOf final : public Job {
   public:
    explicit JobOf(Work<T> work) : work_(std::move(work)) {}
    net::Task<Result<>> run(Session& session) override {
      result.reset();
      exception = nullptr;
      try {
        const net::Task<Result<T>> task = work_(session);
        result.emplace(co_await task);
      } catch (...) {
        exception = std::current_exception();
      }
      if (exception) co_return failure(ErrorCode::internal, "the work threw an exception");
      if (*result && session.failed()) result.emplace(std::unexpected(*session.failed()));
      if (!*result) co_return std::unexpected(result->error());
      co_return Result<>{};
    }
    std::optional<Result<T>> result;

   private:
    Work<T> work_;
  };
};

}  // namespace gatehouse::db
