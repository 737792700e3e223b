// For tests: a driver of the store that waits at every step, and fails when it is told to.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "db/connection.h"
#include "db/detached.h"
#include "db/sqlite_store.h"
#include "db/store.h"
#include "net/loop.h"

namespace gatehouse::db::testing {

// In memory, on the thread of its callers' loop. One transaction at a time.
class SuspendingStore final : public Store {
 public:
  SuspendingStore() : connection_(*Connection::open({.path = ":memory:"})) {}

  std::size_t statements = 0;          // that were run
  std::optional<std::size_t> fail_at;  // the statement that fails, counted from 0
  Error with{ErrorCode::unavailable, "told to fail", Retry::yes};
  std::size_t repeat = 0;  // how many of the next transactions run twice
  bool fail_commit = false;

  net::Task<Result<>> migrate(net::Loop&, std::string_view component,
                              std::span<const Statement> steps) override {
    std::vector<Sql> texts;
    for (const Statement& step : steps) texts.push_back(step.sqlite());
    const Result<> done = db::migrate(connection_, component, texts);
    co_return done;
  }

 private:
  class Steps final : public Session {
   public:
    Steps(SuspendingStore& store, net::Loop& loop) : store_(store), loop_(loop) {}

   private:
    net::Task<Result<RowSet>> run_statement(Statement statement, std::span<const Parameter> values) override {
      co_await net::yield(loop_);
      if (store_.fail_at == store_.statements++) co_return std::unexpected(store_.with);
      auto rows = run_now(store_.connection_, statement, values);
      co_await net::yield(loop_);
      co_return rows;
    }

    SuspendingStore& store_;
    net::Loop& loop_;
  };

  net::Task<Result<>> perform(net::Loop& loop, Mode mode, MonotonicTime deadline,
                              std::shared_ptr<Job> job) override {
    while (busy_) {
      if (loop.now() >= deadline) co_return failure(ErrorCode::timeout, "not free in time", Retry::yes);
      co_await net::yield(loop);
    }
    if (loop.now() >= deadline) co_return failure(ErrorCode::timeout, "too late", Retry::yes);
    busy_ = true;
    Result<> done = co_await detached(loop, transaction(loop, mode, std::move(job)));
    co_return done;
  }

  net::Task<Result<>> transaction(net::Loop& loop, Mode mode, std::shared_ptr<Job> job) {
    const bool twice = repeat > 0 && repeat-- > 0;
    Result<> done;
    for (int left = twice ? 2 : 1; left > 0; --left) {
      done = co_await once(loop, mode, *job, left == 1 ? End::commit : End::roll_back);
    }
    busy_ = false;
    co_return done;
  }

  enum class End : std::uint8_t { commit, roll_back };
  net::Task<Result<>> once(net::Loop& loop, Mode mode, Job& job, End end) {
    auto opened = Transaction::begin(connection_, Transaction::Kind::write);
    GATEHOUSE_CO_CHECK(opened);
    if (mode == Mode::read && !connection_.execute("PRAGMA query_only = ON"))
      throw std::logic_error("pragma");
    Steps steps(*this, loop);
    Result<> done = co_await job.run(steps);
    co_await net::yield(loop);
    if (!connection_.execute("PRAGMA query_only = OFF")) throw std::logic_error("pragma");
    if (!done || end == End::roll_back) co_return done;
    if (std::exchange(fail_commit, false)) co_return std::unexpected(with);
    done = opened->commit();
    co_return done;
  }

  Connection connection_;
  bool busy_ = false;
};

}  // namespace gatehouse::db::testing
