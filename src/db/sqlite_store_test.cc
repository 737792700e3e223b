#include "db/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/testing.h"
#include "net/finish.h"

namespace gatehouse::db {
namespace {

constexpr Statement kTables[] = {"CREATE TABLE things (id TEXT PRIMARY KEY, content BLOB)"};

class SqliteStoreTest : public ::testing::Test {
 protected:
  SqliteStoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-sqlite-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store_ = open(SqliteStore::Replaced::refuse);
    if (!net::finish(loop_, store_->migrate(loop_, "things", kTables))) throw std::runtime_error("tables");
  }
  ~SqliteStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return (folder_ / "store.db").string(); }
  std::shared_ptr<SqliteStore> open(SqliteStore::Replaced replaced) const {
    return *SqliteStore::open({.path = path()}, clock_, replaced);
  }
  MonotonicTime soon() const { return clock_.monotonic() + std::chrono::seconds{60}; }

  static Work<std::size_t> inserting(std::string id) {
    return [id = std::move(id)](Session& session) -> net::Task<Result<std::size_t>> {
      const Parameter values[] = {id};
      auto rows = co_await session.run("INSERT INTO things (id) VALUES ($1)", values);
      GATEHOUSE_CO_CHECK(rows);
      co_return 1;
    };
  }
  net::Task<void> keep(Work<std::size_t> work, std::optional<Result<std::size_t>>& out) {
    out = co_await store_->transact<std::size_t>(loop_, Store::Mode::write, soon(), std::move(work));
  }
  Result<std::size_t> count(SqliteStore& store) {
    Work<std::size_t> work = [](Session& session) -> net::Task<Result<std::size_t>> {
      auto rows = co_await session.run("SELECT id FROM things", {});
      GATEHOUSE_CO_CHECK(rows);
      co_return rows->size();
    };
    return net::finish(loop_, store.transact<std::size_t>(loop_, Store::Mode::read, soon(), std::move(work)));
  }
  // The writer's thread waits in a work until release() is called: later works gather meanwhile.
  void hold_writer() {
    net::spawn(loop_, keep(
                          [this](Session&) -> net::Task<Result<std::size_t>> {
                            held_.count_down();
                            released_.wait();
                            co_return 0;
                          },
                          holding_));
    held_.wait();
  }
  void release() { released_.count_down(); }

  SystemClock clock_;
  std::filesystem::path folder_;
  net::Loop loop_{clock_};
  std::shared_ptr<SqliteStore> store_;
  std::latch held_{1};
  std::latch released_{1};
  std::optional<Result<std::size_t>> holding_;
};

TEST_F(SqliteStoreTest, WorksThatGatherShareOneCommitAndFailAlone) {
  hold_writer();
  std::optional<Result<std::size_t>> first, wrong, last;
  net::spawn(loop_, keep(inserting("first"), first));
  net::spawn(loop_, keep(
                        [](Session& session) -> net::Task<Result<std::size_t>> {
                          auto rows = co_await session.run("INSERT INTO things (id) VALUES ('gone')", {});
                          GATEHOUSE_CO_CHECK(rows);
                          auto again = co_await session.run("INSERT INTO things (id) VALUES ('first')", {});
                          GATEHOUSE_CO_CHECK(again);
                          co_return 1;
                        },
                        wrong));
  // Another connection's view from inside the last work: none of the others is committed yet.
  Connection other = *Connection::open({.path = path()});
  net::spawn(loop_, keep(
                        [&other](Session&) -> net::Task<Result<std::size_t>> {
                          auto rows = other.query("SELECT count(*) FROM things");
                          if (!rows || !rows->next()) co_return failure(ErrorCode::internal, "no count");
                          co_return static_cast<std::size_t>(rows->integer(0));
                        },
                        last));
  release();
  while (!first || !wrong || !last) loop_.poll();
  EXPECT_TRUE(*first);
  ASSERT_FALSE(*wrong);
  EXPECT_EQ(wrong->error().code, ErrorCode::conflict);
  ASSERT_TRUE(*last) << last->error().text;
  EXPECT_EQ(**last, 0U);
  EXPECT_EQ(*count(*store_), 1U);
}

// A full disk rolls back all that shared the transaction: those that would have fitted run again.
TEST_F(SqliteStoreTest, WorksThatAFullDiskRolledBackRunAgain) {
  hold_writer();
  const auto runs = std::make_shared<std::atomic<int>>(0);
  std::optional<Result<std::size_t>> small, large, behind;
  net::spawn(loop_, keep(
                        [runs](Session& session) -> net::Task<Result<std::size_t>> {
                          ++*runs;
                          auto rows = co_await session.run("INSERT INTO things (id) VALUES ('small')", {});
                          GATEHOUSE_CO_CHECK(rows);
                          co_return 1;
                        },
                        small));
  net::spawn(loop_, keep(
                        [](Session& session) -> net::Task<Result<std::size_t>> {
                          auto bound = co_await session.run("PRAGMA max_page_count = 16", {});
                          GATEHOUSE_CO_CHECK(bound);
                          auto rows = co_await session.run(
                              "INSERT INTO things (id, content) VALUES ('large', zeroblob(1000000))", {});
                          GATEHOUSE_CO_CHECK(rows);
                          co_return 1;
                        },
                        large));
  net::spawn(loop_, keep(inserting("behind"), behind));
  release();
  while (!small || !large || !behind) loop_.poll();
  EXPECT_TRUE(*small) << small->error().text;
  EXPECT_EQ(runs->load(), 2) << "the first run was rolled back with the one that found the disk full";
  ASSERT_FALSE(*large);
  EXPECT_EQ(large->error().code, ErrorCode::unavailable);
  EXPECT_TRUE(*behind) << behind->error().text;
  EXPECT_EQ(*count(*store_), 2U);
}

TEST_F(SqliteStoreTest, AWorkThatHasNotBegunIsDroppedWithItsCaller) {
  hold_writer();
  std::optional<Result<std::size_t>> gone, stays;
  {
    net::Task<void> caller = keep(inserting("gone"), gone);
    net::start(caller);
  }
  net::spawn(loop_, keep(inserting("stays"), stays));
  release();
  while (!stays) loop_.poll();
  EXPECT_TRUE(*stays);
  EXPECT_FALSE(gone);
  EXPECT_EQ(*count(*store_), 1U);
}

TEST_F(SqliteStoreTest, AWorkThatHasBegunContinuesWithoutItsCaller) {
  std::latch begun{1};
  std::latch go_on{1};
  {
    std::optional<Result<std::size_t>> never;
    net::Task<void> caller = keep(
        [&](Session& session) -> net::Task<Result<std::size_t>> {
          begun.count_down();
          go_on.wait();
          auto rows = co_await session.run("INSERT INTO things (id) VALUES ('it')", {});
          GATEHOUSE_CO_CHECK(rows);
          co_return 1;
        },
        never);
    net::start(caller);
    begun.wait();
  }
  go_on.count_down();
  std::optional<Result<std::size_t>> after;
  net::spawn(loop_, keep(inserting("after"), after));
  while (!after) loop_.poll();
  EXPECT_EQ(*count(*store_), 2U);
}

TEST_F(SqliteStoreTest, AWorkWaitsForNothingButItsSession) {
  std::optional<Result<std::size_t>> waits;
  net::spawn(loop_, keep(
                        [this](Session& session) -> net::Task<Result<std::size_t>> {
                          auto rows = co_await session.run("INSERT INTO things (id) VALUES ('it')", {});
                          GATEHOUSE_CO_CHECK(rows);
                          net::Signal never(loop_);
                          co_await never.wait();
                          co_return 1;
                        },
                        waits));
  while (!waits) loop_.poll();
  ASSERT_FALSE(*waits);
  EXPECT_EQ(waits->error().code, ErrorCode::internal);
  EXPECT_EQ(*count(*store_), 0U);
}

TEST_F(SqliteStoreTest, AnotherFileInItsPlaceIsRefusedOrFollowed) {
  const auto follows = open(SqliteStore::Replaced::follow);
  ASSERT_EQ(*count(*follows), 0U);
  const FileIdentity before = *follows->file();
  std::filesystem::rename(path(), folder_ / "moved.db");
  EXPECT_EQ(count(*follows).error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(path())) << "nobody makes an empty one in its place";
  {
    const auto fresh = open(SqliteStore::Replaced::refuse);
    ASSERT_TRUE(net::finish(loop_, fresh->migrate(loop_, "things", kTables)));
    ASSERT_TRUE(
        net::finish(loop_, fresh->transact<std::size_t>(loop_, Store::Mode::write, soon(), inserting("a"))));
  }
  EXPECT_EQ(*count(*follows), 1U);
  EXPECT_NE(*follows->file(), before);
  EXPECT_EQ(count(*store_).error().code, ErrorCode::conflict);
  EXPECT_EQ(store_->file().error().code, ErrorCode::conflict);
  std::optional<Result<std::size_t>> refused;
  net::spawn(loop_, keep(inserting("b"), refused));
  while (!refused) loop_.poll();
  EXPECT_FALSE(*refused);
  EXPECT_EQ(*count(*follows), 1U);
}

// SQLite would go on in the file without a name.
TEST_F(SqliteStoreTest, ALogThatWasRemovedIsNoticedAndItsContentIsKept) {
  const auto follows = open(SqliteStore::Replaced::follow);
  const auto insert = [&](const char* id) {
    return net::finish(loop_,
                       follows->transact<std::size_t>(loop_, Store::Mode::write, soon(), inserting(id)));
  };
  ASSERT_TRUE(insert("before"));
  ASSERT_EQ(*count(*follows), 1U);
  const std::string log = path() + "-wal";
  std::filesystem::rename(log, folder_ / "kept");
  EXPECT_EQ(insert("lost").error().code, ErrorCode::unavailable);
  EXPECT_EQ(count(*follows).error().code, ErrorCode::unavailable);
  std::filesystem::copy_file(path(), folder_ / "alone.db");
  {
    Connection alone = *Connection::open({.path = (folder_ / "alone.db").string()});
    auto rows = *alone.query("SELECT count(*) FROM things");
    ASSERT_TRUE(*rows.next());
    EXPECT_EQ(rows.integer(0), 1) << "it is in the database's file";
  }
  std::filesystem::rename(folder_ / "kept", log);
  EXPECT_EQ(*count(*follows), 1U) << "put back";
  EXPECT_TRUE(insert("after"));
  std::filesystem::rename(log, folder_ / "kept");
  std::ofstream(log).close();
  EXPECT_EQ(count(*follows).error().code, ErrorCode::unavailable) << "another one";
  std::filesystem::rename(folder_ / "kept", log);
  std::filesystem::rename(path() + "-shm", folder_ / "index");
  EXPECT_EQ(count(*follows).error().code, ErrorCode::unavailable) << "the index";
  std::filesystem::rename(folder_ / "index", path() + "-shm");
  EXPECT_EQ(*count(*follows), 2U);
}

TEST_F(SqliteStoreTest, AnotherProcessThatWritesIsWaitedForUntilTheDeadline) {
  Connection other = *Connection::open({.path = path()});
  auto transaction = *Transaction::begin(other, Transaction::Kind::write);
  const auto tried =
      net::finish(loop_, store_->transact<std::size_t>(loop_, Store::Mode::write,
                                                       clock_.monotonic() + std::chrono::milliseconds{20},
                                                       inserting("a")));
  ASSERT_FALSE(tried);
  EXPECT_EQ(tried.error().retry, Retry::yes) << tried.error().text;
  EXPECT_EQ(*count(*store_), 0U) << "a reader waits for nobody";
  ASSERT_TRUE(transaction.commit());
  EXPECT_TRUE(
      net::finish(loop_, store_->transact<std::size_t>(loop_, Store::Mode::write, soon(), inserting("a"))));
}

TEST_F(SqliteStoreTest, TheStoreMayGoWhileWorksWait) {
  hold_writer();
  std::optional<Result<std::size_t>> waiting;
  net::spawn(loop_, keep(inserting("waiting"), waiting));
  std::thread releaser([this] { release(); });
  store_.reset();
  releaser.join();
  while (!waiting) loop_.poll();
  EXPECT_TRUE(*waiting);
}

// A process that is killed has kept all that it acknowledged.
TEST(SqliteStoreKilled, LosesNothingThatWasAcknowledged) {
  std::string folder = (std::filesystem::temp_directory_path() / "gatehouse-killed-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/store.db";
  int acknowledged[2];
  ASSERT_EQ(::pipe(acknowledged), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const SystemClock clock;
    net::Loop loop(clock);
    const auto store = *SqliteStore::open({.path = path}, clock, SqliteStore::Replaced::refuse);
    if (!net::finish(loop, store->migrate(loop, "things", kTables))) ::_exit(1);
    const auto insert = [&](int worker) -> net::Task<void> {
      for (int i = 0;; ++i) {
        const std::string id = std::to_string(worker * 1'000'000 + i);
        Work<bool> work = [id](Session& session) -> net::Task<Result<bool>> {
          const Parameter values[] = {id};
          auto rows = co_await session.run("INSERT INTO things (id) VALUES ($1)", values);
          GATEHOUSE_CO_CHECK(rows);
          co_return true;
        };
        auto done = co_await store->transact<bool>(
            loop, Store::Mode::write, clock.monotonic() + std::chrono::hours{1}, std::move(work));
        const std::string line = id + "\n";
        if (!done || ::write(acknowledged[1], line.data(), line.size()) < 0) ::_exit(1);
      }
    };
    for (int worker = 1; worker <= 8; ++worker) net::spawn(loop, insert(worker));
    loop.run();
    ::_exit(1);
  }
  ::close(acknowledged[1]);
  std::string ids;
  char buffer[4096];
  while (std::ranges::count(ids, '\n') < 200) {
    const ssize_t n = ::read(acknowledged[0], buffer, sizeof buffer);
    ASSERT_GT(n, 0);
    ids.append(buffer, static_cast<std::size_t>(n));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (ssize_t n = 0; (n = ::read(acknowledged[0], buffer, sizeof buffer)) > 0;)
    ids.append(buffer, static_cast<std::size_t>(n));
  ::close(acknowledged[0]);
  Connection connection = *Connection::open({.path = path});
  std::size_t checked = 0;
  for (std::size_t from = 0; ids.find('\n', from) != std::string::npos; ++checked) {
    const std::size_t end = ids.find('\n', from);
    auto rows = connection.query("SELECT 1 FROM things WHERE id = ?",
                                 {std::string_view(ids).substr(from, end - from)});
    ASSERT_TRUE(rows);
    EXPECT_TRUE(*rows->next()) << ids.substr(from, end - from);
    from = end + 1;
  }
  EXPECT_GE(checked, 200U);
  std::filesystem::remove_all(folder);
}

// The driver for tests of code that uses a store.
TEST(SuspendingStore, FailsAndRepeatsOnRequest) {
  const SystemClock clock;
  net::Loop loop(clock);
  testing::SuspendingStore store;
  ASSERT_TRUE(net::finish(loop, store.migrate(loop, "things", kTables)));
  int runs = 0;
  const auto insert = [&] {
    return net::finish(loop, store.transact<std::size_t>(
                                 loop, Store::Mode::write, clock.monotonic() + std::chrono::seconds{60},
                                 [&runs](Session& session) -> net::Task<Result<std::size_t>> {
                                   ++runs;
                                   auto rows =
                                       co_await session.run("INSERT INTO things (id) VALUES ('a')", {});
                                   GATEHOUSE_CO_CHECK(rows);
                                   co_return 1;
                                 }));
  };
  store.fail_at = 0;
  EXPECT_FALSE(insert());
  store.fail_at.reset();
  store.fail_commit = true;
  EXPECT_FALSE(insert());
  store.repeat = 1;
  runs = 0;
  EXPECT_TRUE(insert());
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace gatehouse::db
