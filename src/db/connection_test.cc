#include "db/connection.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/pool.h"

namespace gatehouse::db {
namespace {

class Database : public ::testing::Test {
 protected:
  Database() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-db-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "test.db";
  }
  ~Database() override { std::filesystem::remove_all(folder_); }

  OpenOptions options() const {
    return {.path = path_.string(),
            .access = Access::create,
            .durability = Durability::normal,
            .busy_timeout = std::chrono::milliseconds{5000}};
  }
  Connection open() const {
    auto connection = Connection::open(options());
    if (!connection) throw std::runtime_error(connection.error().text);
    return *std::move(connection);
  }
  static std::int64_t number(Connection& connection, Sql sql) {
    auto rows = connection.query(sql);
    if (!rows) throw std::runtime_error(rows.error().text);
    const auto there = rows->next();
    if (!there || !*there) throw std::runtime_error("no row");
    return rows->integer(0);
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(Database, ValuesComeBackAsTheyWereBound) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n TEXT) STRICT"));
  const std::string bytes("\x00\xff'\"; DROP TABLE t; --", 21);
  const std::optional<std::int64_t> nothing;
  ASSERT_TRUE(
      connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)",
                         {std::int64_t{-9'000'000'000'000'000'000}, 0.1, bytes, Blob{bytes}, nothing}));
  auto rows = connection.query("SELECT i, r, s, b, n FROM t");
  ASSERT_TRUE(rows);
  ASSERT_TRUE(*rows->next());
  EXPECT_EQ(rows->integer(0), -9'000'000'000'000'000'000);
  EXPECT_EQ(rows->real(1), 0.1);
  EXPECT_EQ(rows->text(2), bytes);
  EXPECT_EQ(rows->blob(3), bytes);
  EXPECT_TRUE(rows->is_null(4));
  EXPECT_FALSE(*rows->next());
}

TEST_F(Database, EmptyTextIsNotNull) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE t (s TEXT NOT NULL, b BLOB NOT NULL)"));
  EXPECT_TRUE(connection.execute("INSERT INTO t VALUES (?, ?)", {std::string_view{}, Blob{}}));
}

TEST_F(Database, AStatementCanRunInsideItself) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER)"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (?)", {i}));
  static constexpr Sql kAll = "SELECT i FROM t ORDER BY i";
  int seen = 0;
  auto outer = connection.query(kAll);
  while (*outer->next()) {
    auto inner = connection.query(kAll);
    while (*inner->next()) ++seen;
  }
  EXPECT_EQ(seen, 9);
}

TEST_F(Database, TheWrongNumberOfValuesIsAnErrorAndLeavesTheStatementUsable) {
  Connection connection = open();
  static constexpr Sql kOne = "SELECT ?1 + 0";
  EXPECT_FALSE(connection.query(kOne));
  EXPECT_FALSE(connection.query(kOne, {1, 2}));
  auto rows = connection.query(kOne, {7});
  ASSERT_TRUE(rows);
  ASSERT_TRUE(*rows->next());
  EXPECT_EQ(rows->integer(0), 7);
}

TEST_F(Database, TheFileIsReadableByItsOwnerOnly) {
  const mode_t before = ::umask(0);
  {
    Connection connection = open();
  }
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER)"));
  ::umask(before);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status{};
    ASSERT_EQ(::stat((path_.string() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600) << suffix;
  }
}

TEST_F(Database, NothingIsMadeWhereADatabaseHasToBeThere) {
  OpenOptions missing = options();
  missing.access = Access::read_write;
  EXPECT_EQ(Connection::open(missing).error().code, ErrorCode::not_found);
  missing.access = Access::read_only;
  EXPECT_EQ(Connection::open(missing).error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Database, AFileThatIsNotADatabaseIsRefused) {
  std::ofstream(path_) << std::string(4096, 'x');
  EXPECT_EQ(Connection::open(options()).error().code, ErrorCode::invalid);
}

TEST_F(Database, AReadingConnectionCannotWrite) {
  Connection writer = open();
  ASSERT_TRUE(writer.execute("CREATE TABLE t (i INTEGER)"));
  OpenOptions reading = options();
  reading.access = Access::read_only;
  auto reader = Connection::open(reading);
  ASSERT_TRUE(reader) << reader.error().text;
  EXPECT_EQ(reader->execute("INSERT INTO t VALUES (1)").error().code, ErrorCode::denied);
}

TEST_F(Database, ExtensionsOtherFilesAndTheSchemaTableAreOutOfReach) {
  Connection connection = open();
  EXPECT_FALSE(connection.execute("SELECT load_extension('x')"));
  EXPECT_FALSE(connection.execute("ATTACH 'other.db' AS other"));
  static_cast<void>(connection.execute("PRAGMA writable_schema = ON"));
  EXPECT_FALSE(connection.execute("DELETE FROM sqlite_schema"));
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER)"));
  EXPECT_FALSE(connection.execute("SELECT \"no such column, so a string\" FROM t"));
}

TEST_F(Database, ForeignKeysAndUniqueConstraintsAreConflicts) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)"));
  ASSERT_TRUE(connection.execute("CREATE TABLE b (a INTEGER NOT NULL REFERENCES a)"));
  ASSERT_TRUE(connection.execute("INSERT INTO a VALUES (1)"));
  EXPECT_EQ(connection.execute("INSERT INTO a VALUES (1)").error().code, ErrorCode::conflict);
  EXPECT_EQ(connection.execute("INSERT INTO b VALUES (2)").error().code, ErrorCode::conflict);
}

TEST_F(Database, ATransactionThatIsNotCommittedDidNotHappen) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER)"));
  {
    auto transaction = Transaction::begin(connection, Transaction::Kind::write);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (1)"));
  }
  EXPECT_EQ(number(connection, "SELECT count(*) FROM t"), 0);
  {
    auto transaction = Transaction::begin(connection, Transaction::Kind::write);
    ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (1)"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(number(connection, "SELECT count(*) FROM t"), 1);
}

TEST_F(Database, ASecondWriterIsToRetry) {
  Connection first = open();
  OpenOptions impatient = options();
  impatient.busy_timeout = std::chrono::milliseconds{0};
  auto second = Connection::open(impatient);
  ASSERT_TRUE(second);
  auto holding = Transaction::begin(first, Transaction::Kind::write);
  ASSERT_TRUE(holding);
  const auto refused = Transaction::begin(*second, Transaction::Kind::write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(refused.error().retry, Retry::yes);
}

TEST_F(Database, DataVersionChangesWithCommitsByOthersOnly) {
  Connection watcher = open();
  Connection writer = open();
  ASSERT_TRUE(watcher.execute("CREATE TABLE t (i INTEGER)"));
  const auto before = *watcher.data_version();
  ASSERT_TRUE(watcher.execute("INSERT INTO t VALUES (1)"));
  EXPECT_EQ(*watcher.data_version(), before);
  ASSERT_TRUE(writer.execute("INSERT INTO t VALUES (2)"));
  EXPECT_NE(*watcher.data_version(), before);
}

TEST_F(Database, ReadersSeeWholeTransactionsWhileAWriterWrites) {
  Connection writer = open();
  ASSERT_TRUE(writer.execute("CREATE TABLE t (i INTEGER)"));
  std::atomic<bool> done{false};
  std::atomic<int> odd{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Connection reader = open();
      while (!done.load()) {
        if (number(reader, "SELECT count(*) FROM t") % 2 != 0) ++odd;
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    auto transaction = Transaction::begin(writer, Transaction::Kind::write);
    ASSERT_TRUE(writer.execute("INSERT INTO t VALUES (?)", {i}));
    ASSERT_TRUE(writer.execute("INSERT INTO t VALUES (?)", {i}));
    ASSERT_TRUE(transaction->commit());
  }
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(odd.load(), 0);
}

TEST_F(Database, MigrationsRunOnceAndNewerFilesAreRefused) {
  static constexpr Sql kSteps[] = {"CREATE TABLE a (i INTEGER); INSERT INTO a VALUES (1)",
                                   "INSERT INTO a VALUES (2)"};
  Connection connection = open();
  ASSERT_TRUE(migrate(connection, "test", std::span(kSteps).first(1)));
  ASSERT_TRUE(migrate(connection, "test", kSteps));
  ASSERT_TRUE(migrate(connection, "test", kSteps));
  EXPECT_EQ(number(connection, "SELECT sum(i) FROM a"), 3);
  EXPECT_EQ(migrate(connection, "test", std::span(kSteps).first(1)).error().code, ErrorCode::conflict);
  static constexpr Sql kOther[] = {"CREATE TABLE b (i INTEGER)"};
  EXPECT_TRUE(migrate(connection, "other", kOther));
}

TEST_F(Database, WhereThereIsNothingToMigrateABusyWriterIsNotWaitedFor) {
  static constexpr Sql kSteps[] = {"CREATE TABLE a (i INTEGER)", "CREATE TABLE b (i INTEGER)"};
  Connection writer = open();
  ASSERT_TRUE(migrate(writer, "test", std::span(kSteps).first(1)));
  OpenOptions impatient = options();
  impatient.busy_timeout = std::chrono::milliseconds{0};
  auto other = Connection::open(impatient);
  ASSERT_TRUE(other);
  ASSERT_TRUE(writer.execute("BEGIN IMMEDIATE"));
  EXPECT_TRUE(migrate(*other, "test", std::span(kSteps).first(1)));
  EXPECT_EQ(migrate(*other, "test", kSteps).error().retry, Retry::yes);
  ASSERT_TRUE(writer.execute("COMMIT"));
  EXPECT_TRUE(migrate(*other, "test", kSteps));
}

TEST_F(Database, AMigrationThatFailsLeavesNothingBehind) {
  static constexpr Sql kSteps[] = {"CREATE TABLE a (i INTEGER)", "INSERT INTO nowhere VALUES (2)"};
  Connection connection = open();
  EXPECT_FALSE(migrate(connection, "test", kSteps));
  EXPECT_EQ(number(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'a'"), 0);
}

TEST_F(Database, ProcessesThatOpenANewFileAtOnceAllSucceed) {
  static constexpr Sql kSteps[] = {"CREATE TABLE a (i INTEGER)"};
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto connection = Connection::open(options());
      if (connection && migrate(*connection, "test", kSteps)) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 6);
}

TEST_F(Database, DamageIsFound) {
  {
    Connection connection = open();
    ASSERT_TRUE(connection.execute("CREATE TABLE t (s TEXT UNIQUE)"));
    for (int i = 0; i < 2000; ++i)
      ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (?)", {std::to_string(i)}));
    EXPECT_TRUE(connection.check_integrity());
    ASSERT_TRUE(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 2 + 8);
    file << std::string(600, '\x5a');
  }
  Connection connection = open();
  EXPECT_FALSE(connection.check_integrity());
}

// A child process commits numbered rows and says each number once its commit returned; the parent kills it in
// the middle and opens the file.
TEST_F(Database, EveryCommitThatReturnedIsThereAfterTheProcessWasKilled) {
  {
    Connection connection = open();
    ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY, filler BLOB)"));
  }
  for (int round = 0; round < 3; ++round) {
    int said[2];
    ASSERT_EQ(::pipe(said), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto connection = Connection::open(options());
      for (;;) {
        if (!connection->execute("INSERT INTO t (filler) VALUES (zeroblob(900))")) ::_exit(1);
        const std::int64_t id = connection->last_insert_id();
        if (::write(said[1], &id, sizeof id) != sizeof id) ::_exit(1);
      }
    }
    ::close(said[1]);
    std::int64_t last = 0;
    for (int i = 0; i < 150; ++i)
      ASSERT_EQ(::read(said[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::int64_t id = 0;
    while (::read(said[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id)) last = id;
    ::close(said[0]);

    Connection connection = open();
    EXPECT_TRUE(connection.check_integrity());
    EXPECT_GE(number(connection, "SELECT max(i) FROM t"), last);
  }
}

// RLIMIT_FSIZE stands for a full disk: writes behind the limit fail. In a child, since the limit is the
// process's.
TEST_F(Database, AFullDiskIsAnErrorAndTheDatabaseStaysWhole) {
  {
    Connection connection = open();
    ASSERT_TRUE(connection.execute("CREATE TABLE t (filler BLOB)"));
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto connection = Connection::open(options());
    for (int i = 0; i < 1000; ++i) {
      auto inserted = connection->execute("INSERT INTO t VALUES (zeroblob(4000))");
      if (!inserted) ::_exit(inserted.error().code == ErrorCode::unavailable ? 42 : 43);
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  Connection connection = open();
  EXPECT_TRUE(connection.check_integrity());
  EXPECT_GT(number(connection, "SELECT count(*) FROM t"), 10);
  EXPECT_TRUE(connection.execute("INSERT INTO t VALUES (zeroblob(4000))"));
}

TEST_F(Database, APoolGivesEachThreadItsOwnConnectionAndUsesThemAgain) {
  Pool pool(options(), *open().file());
  {
    auto a = pool.take();
    auto b = pool.take();
    ASSERT_TRUE(a && b);
    ASSERT_TRUE((*a)->execute("CREATE TEMP TABLE mark (i INTEGER)"));
    EXPECT_FALSE((*b)->execute("INSERT INTO mark VALUES (1)"));
  }
  auto again = pool.take();
  EXPECT_TRUE((*again)->execute("INSERT INTO mark VALUES (1)"));
}

}  // namespace
}  // namespace gatehouse::db
