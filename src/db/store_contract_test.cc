// The common behaviour of all drivers of the store.
#include <atomic>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/postgres_store.h"
#include "db/sqlite_store.h"
#include "db/store.h"
#include "db/testing.h"
#include "net/finish.h"

namespace gatehouse::db {
namespace {

constexpr Statement kSteps[] = {
    {"CREATE TABLE things (id TEXT PRIMARY KEY, amount INTEGER, share REAL, content BLOB) STRICT;"
     "INSERT INTO things VALUES ('counter', 0, 0.5, x'00ff')",
     "CREATE TABLE things (id text PRIMARY KEY, amount bigint, share double precision, content bytea);"
     "INSERT INTO things VALUES ('counter', 0, 0.5, '\\x00ff')"},
    "CREATE TABLE parts (thing TEXT NOT NULL REFERENCES things (id))",
};

// Where a driver keeps its database, for one test.
struct Driver {
  std::string name;
  std::function<std::shared_ptr<Store>(const std::filesystem::path& folder, const Clock& clock)> open;
};
void PrintTo(const Driver& driver, std::ostream* out) { *out << driver.name; }

class StoreContract : public ::testing::TestWithParam<Driver> {
 protected:
  StoreContract() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-store-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store_ = GetParam().open(folder_, clock_);
    const auto made = net::finish(loop_, store_->migrate(loop_, "things", kSteps));
    if (!made) throw std::runtime_error(made.error().text);
  }
  ~StoreContract() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  MonotonicTime soon() const { return clock_.monotonic() + std::chrono::seconds{60}; }

  template <typename T>
  Result<T> transact(Work<T> work, Store::Mode mode = Store::Mode::write) {
    return net::finish(loop_, store_->transact<T>(loop_, mode, soon(), std::move(work)));
  }
  // One statement in a transaction of its own.
  Result<RowSet> run(Statement statement, std::vector<Parameter> values = {},
                     Store::Mode mode = Store::Mode::write) {
    return transact<RowSet>([statement, values](Session& session) { return session.run(statement, values); },
                            mode);
  }
  std::int64_t amount(std::string_view id = "counter") {
    const auto rows = run("SELECT amount FROM things WHERE id = $1", {id}, Store::Mode::read);
    if (!rows || rows->empty()) return -1;
    return (*rows)[0].integer(0);
  }

  // Reads a value, then writes the value plus one.
  static net::Task<Result<std::int64_t>> count_up(Session& session) {
    auto before = co_await session.run("SELECT amount FROM things WHERE id = 'counter'", {});
    GATEHOUSE_CO_CHECK(before);
    const std::int64_t next = (*before)[0].integer(0) + 1;
    const Parameter values[] = {next};
    auto after = co_await session.run("UPDATE things SET amount = $1 WHERE id = 'counter'", values);
    GATEHOUSE_CO_CHECK(after);
    co_return next;
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  net::Loop loop_{clock_};
  std::shared_ptr<Store> store_;
};

TEST_P(StoreContract, ValuesComeBackAsTheyWere) {
  const std::string text("it's \"q\" \\ $1 é\n", 17);
  const std::string blob("\0\x01\xff'", 4);
  const auto least = std::numeric_limits<std::int64_t>::min();
  ASSERT_TRUE(run("INSERT INTO things VALUES ($1, $2, $3, $4)", {text, least, 0.1, Blob{blob}}));
  ASSERT_TRUE(run("INSERT INTO things VALUES ($1, $2, $3, $4)", {"", nullptr, nullptr, Blob{}}));
  const auto rows = run("SELECT id, amount, share, content FROM things WHERE id <> 'counter' ORDER BY id", {},
                        Store::Mode::read);
  ASSERT_TRUE(rows) << rows.error().text;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].bytes(0), "");
  EXPECT_TRUE((*rows)[0].is_null(1));
  EXPECT_TRUE((*rows)[0].is_null(2));
  EXPECT_FALSE((*rows)[0].is_null(3));
  EXPECT_EQ((*rows)[0].bytes(3), "");
  EXPECT_EQ((*rows)[1].bytes(0), text);
  EXPECT_EQ((*rows)[1].integer(1), least);
  EXPECT_EQ((*rows)[1].real(2), 0.1);
  EXPECT_EQ((*rows)[1].bytes(3), blob);
  EXPECT_EQ((*rows)[1].integer(0), 0) << "a text is not a number";
}

TEST_P(StoreContract, AParameterMayStandTwiceAndInAnyOrder) {
  const auto rows = run("SELECT id FROM things WHERE amount = $2 AND id = $1 AND amount < $2 + 1",
                        {"counter", 0}, Store::Mode::read);
  ASSERT_TRUE(rows) << rows.error().text;
  EXPECT_EQ(rows->size(), 1U);
  EXPECT_FALSE(run("SELECT id FROM things WHERE id = $1", {"counter", 0}));
  EXPECT_FALSE(run("SELECT id FROM things WHERE id = $1 AND amount = $2", {"counter"}));
}

TEST_P(StoreContract, ChangedRowsAreCounted) {
  ASSERT_EQ(run("INSERT INTO things (id) VALUES ('a'), ('b')")->changed, 2);
  EXPECT_EQ(run("UPDATE things SET amount = 7 WHERE id IN ('a', 'b', 'c')")->changed, 2);
  EXPECT_EQ(run("DELETE FROM things WHERE id = 'nothing'")->changed, 0);
}

TEST_P(StoreContract, TheChangesOfAFailedWorkAreUndone) {
  const auto failed = transact<std::int64_t>([](Session& session) -> net::Task<Result<std::int64_t>> {
    auto counted = co_await count_up(session);
    GATEHOUSE_CO_CHECK(counted);
    co_return failure(ErrorCode::not_found, "no");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::not_found);
  EXPECT_EQ(amount(), 0);
}

TEST_P(StoreContract, AnExceptionUndoesAndComesOut) {
  EXPECT_THROW(
      static_cast<void>(transact<std::int64_t>([](Session& session) -> net::Task<Result<std::int64_t>> {
        auto counted = co_await count_up(session);
        if (counted) throw std::range_error("a bug");
        co_return counted;
      })),
      std::range_error);
  EXPECT_EQ(amount(), 0);
}

TEST_P(StoreContract, AStatementThatFailedIsNotPassedOver) {
  const auto gone_on = transact<std::int64_t>([](Session& session) -> net::Task<Result<std::int64_t>> {
    auto counted = co_await count_up(session);
    GATEHOUSE_CO_CHECK(counted);
    auto taken = co_await session.run("INSERT INTO things (id) VALUES ('counter')", {});
    if (taken) co_return failure(ErrorCode::internal, "twice the same id");
    auto again = co_await count_up(session);
    if (again) co_return failure(ErrorCode::internal, "went on");
    co_return 7;
  });
  ASSERT_FALSE(gone_on);
  EXPECT_EQ(gone_on.error().code, ErrorCode::conflict) << gone_on.error().text;
  EXPECT_EQ(amount(), 0);
  EXPECT_EQ(*transact<std::int64_t>(count_up), 1) << "the next one is not affected";
}

TEST_P(StoreContract, ATextHasNoZeroByte) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(run("INSERT INTO things (id) VALUES ($1)", {text}).error().code, ErrorCode::invalid);
  EXPECT_EQ(run("SELECT id FROM things")->size(), 1U);
}

TEST_P(StoreContract, ForeignKeysHold) {
  EXPECT_EQ(run("INSERT INTO parts VALUES ('nothing')").error().code, ErrorCode::conflict);
  ASSERT_TRUE(run("INSERT INTO parts VALUES ('counter')"));
  EXPECT_EQ(run("DELETE FROM things WHERE id = 'counter'").error().code, ErrorCode::conflict);
}

TEST_P(StoreContract, AReadOnlyWorkCannotWrite) {
  EXPECT_FALSE(run("UPDATE things SET amount = 9", {}, Store::Mode::read));
  EXPECT_EQ(amount(), 0);
}

TEST_P(StoreContract, AReaderSeesOneStateWhileOthersWrite) {
  const auto twice = [](Session& session) -> net::Task<Result<bool>> {
    auto before = co_await session.run("SELECT amount FROM things WHERE id = 'counter'", {});
    GATEHOUSE_CO_CHECK(before);
    for (int i = 0; i < 20; ++i) {
      auto now = co_await session.run("SELECT amount FROM things WHERE id = 'counter'", {});
      GATEHOUSE_CO_CHECK(now);
      if ((*now)[0].integer(0) != (*before)[0].integer(0)) co_return false;
    }
    co_return true;
  };
  std::optional<Result<bool>> same;
  std::optional<Result<std::int64_t>> counted;
  const auto keep = []<typename T>(net::Task<Result<T>> task,
                                   std::optional<Result<T>>& out) -> net::Task<void> {
    out.emplace(co_await task);
  };
  net::spawn(loop_, keep(store_->transact<bool>(loop_, Store::Mode::read, soon(), twice), same));
  net::spawn(loop_,
             keep(store_->transact<std::int64_t>(loop_, Store::Mode::write, soon(), count_up), counted));
  while (!same || !counted) loop_.poll();
  ASSERT_TRUE(*same) << same->error().text;
  EXPECT_TRUE(**same);
  EXPECT_EQ(amount(), 1);
}

TEST_P(StoreContract, WorksAtTheSameTimeLoseNothing) {
  constexpr int kMany = 30;
  int ended = 0;
  int failed = 0;
  const auto one = [&]() -> net::Task<void> {
    auto counted = co_await store_->transact<std::int64_t>(loop_, Store::Mode::write, soon(), count_up);
    if (!counted) ++failed;
    ++ended;
  };
  for (int i = 0; i < kMany; ++i) net::spawn(loop_, one());
  while (ended < kMany) loop_.poll();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(amount(), kMany);
}

TEST_P(StoreContract, AWorkThatComesTooLateDoesNotBegin) {
  std::atomic<bool> ran{false};
  const auto late =
      net::finish(loop_, store_->transact<std::int64_t>(loop_, Store::Mode::write,
                                                        clock_.monotonic() - std::chrono::hours{1},
                                                        [&ran](Session& session) {
                                                          ran = true;
                                                          return count_up(session);
                                                        }));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::timeout);
  EXPECT_FALSE(ran);
  EXPECT_EQ(amount(), 0);
}

TEST_P(StoreContract, AWorkThatHasBegunContinuesWhenItsCallerIsCancelled) {
  const auto begun = std::make_shared<std::atomic<bool>>(false);
  const auto call = [this, begun]() -> net::Task<void> {
    Work<std::int64_t> work = [begun](Session& session) -> net::Task<Result<std::int64_t>> {
      *begun = true;
      auto inner = co_await count_up(session);
      co_return inner;
    };
    auto counted =
        co_await store_->transact<std::int64_t>(loop_, Store::Mode::write, soon(), std::move(work));
    if (!counted) throw std::runtime_error(counted.error().text);
  };
  {
    net::Task<void> caller = call();
    net::start(caller);
    while (!*begun) loop_.poll();
  }
  while (amount() != 1) loop_.poll();
}

TEST_P(StoreContract, MigrationsAreMadeOnceAndANewerStoreIsRefused) {
  const auto steps = std::span(kSteps);
  EXPECT_TRUE(net::finish(loop_, store_->migrate(loop_, "things", steps)));
  EXPECT_EQ(amount(), 0) << "the first step ran once";
  const auto older = net::finish(loop_, store_->migrate(loop_, "things", steps.first(1)));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::conflict);
}

TEST_P(StoreContract, AMigrationThatFailsLeavesNothing) {
  constexpr Statement kBroken[] = {"CREATE TABLE half (id TEXT)", "INSERT INTO nothing VALUES (1)"};
  EXPECT_FALSE(net::finish(loop_, store_->migrate(loop_, "broken", kBroken)));
  EXPECT_FALSE(run("SELECT id FROM half"));
  constexpr Statement kMended[] = {"CREATE TABLE half (id TEXT)", "INSERT INTO half VALUES ('1')"};
  EXPECT_TRUE(net::finish(loop_, store_->migrate(loop_, "broken", kMended)));
  EXPECT_EQ(run("SELECT id FROM half")->size(), 1U);
}

std::shared_ptr<Store> open_sqlite(const std::filesystem::path& folder, const Clock& clock) {
  return *SqliteStore::open({.path = (folder / "store.db").string()}, clock, SqliteStore::Replaced::refuse);
}
std::shared_ptr<Store> open_suspending(const std::filesystem::path&, const Clock&) {
  return std::make_shared<testing::SuspendingStore>();
}

std::shared_ptr<Store> open_postgres(const std::filesystem::path&, const Clock& clock) {
  return std::make_shared<PostgresStore>(testing::PostgresCluster::instance().new_database(), clock);
}

INSTANTIATE_TEST_SUITE_P(Drivers, StoreContract,
                         ::testing::Values(Driver{"Sqlite", open_sqlite}, Driver{"Postgres", open_postgres},
                                           Driver{"Suspending", open_suspending}),
                         [](const auto& driver) { return driver.param.name; });

}  // namespace
}  // namespace gatehouse::db
