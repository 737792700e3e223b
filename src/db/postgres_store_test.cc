#include "db/postgres_store.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "db/testing.h"
#include "net/blocking_pool.h"
#include "net/finish.h"
#include "net/socket.h"
#include "net/stream.h"

namespace gatehouse::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Statement kTable[] = {
    {"", "CREATE TABLE things (id text PRIMARY KEY, amount bigint NOT NULL DEFAULT 0)"}};

class PostgresStoreTest : public ::testing::Test {
 protected:
  explicit PostgresStoreTest(std::size_t connections = 4) : options_(cluster().new_database()) {
    options_.connections = connections;
    database_ = options_.database;
    store_ = std::make_shared<PostgresStore>(std::move(options_), clock_);
    const auto made = net::finish(loop_, store_->migrate(loop_, "things", kTable));
    if (!made) throw std::runtime_error(made.error().text);
  }
  static testing::PostgresCluster& cluster() { return testing::PostgresCluster::instance(); }

  Result<std::int64_t> run(Statement statement, std::chrono::nanoseconds patience = seconds{60},
                           Store::Mode mode = Store::Mode::write) {
    Work<std::int64_t> work = [statement](Session& session) -> net::Task<Result<std::int64_t>> {
      auto rows = co_await session.run(statement, {});
      GATEHOUSE_CO_CHECK(rows);
      co_return rows->changed;
    };
    return net::finish(
        loop_, store_->transact<std::int64_t>(loop_, mode, clock_.monotonic() + patience, std::move(work)));
  }
  Result<std::int64_t> write(Work<std::int64_t> work) {
    return net::finish(
        loop_, store_->transact<std::int64_t>(loop_, Store::Mode::write, clock_.monotonic() + seconds{60},
                                              std::move(work)));
  }
  std::string things() const { return cluster().execute(database_, "SELECT count(*) FROM things"); }
  void end_connections() const {
    cluster().execute(
        "postgres",
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '" + database_ + "'");
  }

  PostgresOptions options_;
  std::string database_;
  SystemClock clock_;
  net::Loop loop_{clock_};
  std::shared_ptr<PostgresStore> store_;
};

TEST_F(PostgresStoreTest, AConnectionThatTheServerEndedIsReplaced) {
  ASSERT_TRUE(run("INSERT INTO things VALUES ('a')"));
  end_connections();
  ASSERT_TRUE(run("INSERT INTO things VALUES ('b')"));
  EXPECT_EQ(things(), "2");
}

TEST_F(PostgresStoreTest, AConnectionLostInTheMiddleChangesNothing) {
  Work<std::int64_t> work = [this](Session& session) -> net::Task<Result<std::int64_t>> {
    auto rows = co_await session.run("INSERT INTO things VALUES ('a')", {});
    GATEHOUSE_CO_CHECK(rows);
    end_connections();
    auto more = co_await session.run("INSERT INTO things VALUES ('b')", {});
    GATEHOUSE_CO_CHECK(more);
    co_return 1;
  };
  const auto lost = write(std::move(work));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable);
  EXPECT_EQ(lost.error().retry, Retry::yes) << "it is known that nothing was changed";
  EXPECT_EQ(things(), "0");
}

TEST_F(PostgresStoreTest, AConnectionLostBeforeTheCommitIsAnswered) {
  Work<std::int64_t> work = [this](Session& session) -> net::Task<Result<std::int64_t>> {
    auto rows = co_await session.run("INSERT INTO things VALUES ('a')", {});
    GATEHOUSE_CO_CHECK(rows);
    end_connections();
    co_return 1;
  };
  const auto lost = write(std::move(work));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable);
  EXPECT_EQ(lost.error().retry, Retry::no) << "it might have been committed";
}

TEST_F(PostgresStoreTest, AStatementThatTakesTooLongIsEnded) {
  const auto slow = run({"", "SELECT pg_sleep(3600)"}, milliseconds{100});
  ASSERT_FALSE(slow);
  EXPECT_TRUE(slow.error().code == ErrorCode::timeout || slow.error().code == ErrorCode::unavailable)
      << slow.error().text;
  EXPECT_TRUE(run("INSERT INTO things VALUES ('a')"));
}

TEST_F(PostgresStoreTest, ErrorsQuoteNoValues) {
  const std::string secret = "a-secret-value";
  Work<std::int64_t> work = [secret](Session& session) -> net::Task<Result<std::int64_t>> {
    const Parameter values[] = {secret};
    auto rows = co_await session.run("INSERT INTO things (id, amount) SELECT 'x', $1::text::bigint", values);
    GATEHOUSE_CO_CHECK(rows);
    co_return 1;
  };
  const auto refused = write(std::move(work));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.error().text.find(secret), std::string::npos) << refused.error().text;
  EXPECT_NE(refused.error().text.find("22P02"), std::string::npos) << refused.error().text;
}

// A prepared statement no longer fits after a change of its table.
TEST_F(PostgresStoreTest, AChangedTableIsPreparedForAnew) {
  ASSERT_TRUE(run("INSERT INTO things VALUES ('a')"));
  static constexpr Statement kAll = "SELECT * FROM things";
  ASSERT_TRUE(run(kAll));
  cluster().execute(database_, "ALTER TABLE things ADD COLUMN more text");
  EXPECT_TRUE(run(kAll));
}

class OneConnection : public PostgresStoreTest {
 protected:
  OneConnection() : PostgresStoreTest(1) {}
};

TEST_F(OneConnection, IsSharedByAll) {
  int ended = 0;
  const auto one = [&]() -> net::Task<void> {
    auto done = co_await store_->transact<bool>(
        loop_, Store::Mode::write, clock_.monotonic() + seconds{60},
        [](Session& session) -> net::Task<Result<bool>> {
          auto rows = co_await session.run({"", "INSERT INTO things VALUES (gen_random_uuid()::text)"}, {});
          GATEHOUSE_CO_CHECK(rows);
          co_return true;
        });
    if (done) ++ended;
  };
  for (int i = 0; i < 10; ++i) net::spawn(loop_, one());
  while (loop_.tasks() > 0) loop_.poll();
  EXPECT_EQ(ended, 10);
  EXPECT_EQ(things(), "10");
  EXPECT_EQ(cluster().execute("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '" +
                                              database_ + "' AND application_name = 'gatehouse'"),
            "1");
}

TEST_F(OneConnection, IsWaitedForUntilTheDeadline) {
  std::optional<Result<std::int64_t>> late;
  const auto try_meanwhile = [&]() -> net::Task<void> {
    late = co_await store_->transact<std::int64_t>(
        loop_, Store::Mode::write, clock_.monotonic() + milliseconds{20},
        [](Session&) -> net::Task<Result<std::int64_t>> { co_return 1; });
  };
  Work<std::int64_t> holding = [&](Session& session) -> net::Task<Result<std::int64_t>> {
    auto rows = co_await session.run("INSERT INTO things VALUES ('a')", {});
    GATEHOUSE_CO_CHECK(rows);
    net::spawn(loop_, try_meanwhile());
    while (!late) co_await net::yield(loop_);
    co_return 1;
  };
  EXPECT_TRUE(net::finish(
      loop_, store_->transact<std::int64_t>(loop_, Store::Mode::write, clock_.monotonic() + seconds{60},
                                            std::move(holding))));
  ASSERT_FALSE(*late);
  EXPECT_EQ(late->error().code, ErrorCode::timeout);
}

class PostgresByName : public ::testing::Test {
 protected:
  static testing::PostgresCluster& cluster() { return testing::PostgresCluster::instance(); }
  template <typename T>
  Result<T> read(PostgresOptions options, Work<T> work) {
    PostgresStore store(std::move(options), clock_);
    return net::finish(loop_, store.transact<T>(loop_, Store::Mode::read, clock_.monotonic() + seconds{60},
                                                std::move(work)));
  }
  // How the connection is protected: the version of TLS.
  Result<std::string> connect(PostgresOptions options) {
    return read<std::string>(std::move(options), [](Session& session) -> net::Task<Result<std::string>> {
      auto rows = co_await session.run(
          {"", "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"}, {});
      GATEHOUSE_CO_CHECK(rows);
      if (rows->empty()) co_return "none";
      co_return std::string((*rows)[0].bytes(0));
    });
  }

  SystemClock clock_;
  net::Loop loop_{clock_};
  const std::string database_ = cluster().new_database().database;
};

TEST_F(PostgresByName, IsReachedWithTlsAndThePassword) {
  const auto version = connect(cluster().options_by_name(database_));
  ASSERT_TRUE(version) << version.error().text;
  EXPECT_EQ(*version, "TLSv1.3");
}

TEST_F(PostgresByName, RowsOfManyRecordsArrive) {
  const auto size = read<std::size_t>(
      cluster().options_by_name(database_), [](Session& session) -> net::Task<Result<std::size_t>> {
        auto rows = co_await session.run({"", "SELECT repeat('x', 1000) FROM generate_series(1, 5000)"}, {});
        GATEHOUSE_CO_CHECK(rows);
        co_return rows->size();
      });
  ASSERT_TRUE(size) << size.error().text;
  EXPECT_EQ(*size, 5000U);
}

TEST_F(PostgresByName, ALargeValueIsSentInPieces) {
  const std::string large(std::size_t{4} << 20U, 'x');
  const auto length = read<std::int64_t>(
      cluster().options_by_name(database_), [large](Session& session) -> net::Task<Result<std::int64_t>> {
        const Parameter values[] = {Blob{large}};
        auto rows = co_await session.run({"", "SELECT length($1::bytea)"}, values);
        GATEHOUSE_CO_CHECK(rows);
        co_return (*rows)[0].integer(0);
      });
  ASSERT_TRUE(length) << length.error().text;
  EXPECT_EQ(*length, 4 << 20);
}

TEST_F(PostgresByName, IsRefusedWithoutACertificateThatIsTrusted) {
  PostgresOptions options = cluster().options_by_name(database_);
  options.ca = "/etc/ssl/certs/ca-certificates.crt";
  const auto refused = connect(std::move(options));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().text.find("certificate"), std::string::npos) << refused.error().text;
}

TEST_F(PostgresByName, IsRefusedWhereTheCertificateIsForAnotherName) {
  cluster().use_certificate_for("other.example");
  const auto refused = connect(cluster().options_by_name(database_));
  cluster().use_certificate_for("localhost");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("other.example"), std::string::npos) << refused.error().text;
}

TEST_F(PostgresByName, IsRefusedWithAnotherPassword) {
  PostgresOptions options = cluster().options_by_name(database_);
  options.password = Secret<std::string>("wrong horse");
  const auto refused = connect(std::move(options));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(refused.error().text.find("wrong horse"), std::string::npos);
}

// A server without TLS gets only the request for it, unless it is reached by a loopback address.
net::Task<std::string> refuse_tls(net::Loop& loop, net::Listener& listener) {
  std::string heard;
  auto accepted = co_await listener.accept();
  if (!accepted) co_return "not accepted";
  net::Stream stream(loop, std::move(accepted->socket), accepted->peer);
  for (std::string buffer(4096, '\0');;) {
    auto n = co_await stream.read(buffer);
    if (!n || *n == 0) co_return heard;
    heard.append(buffer, 0, *n);
    auto written = co_await stream.write("N");
    if (!written) co_return heard;
  }
}

TEST(PostgresTls, IsNotGivenUpForANamedHost) {
  const SystemClock clock;
  net::Loop loop(clock);
  auto listener = net::Listener::open(loop, {*IpAddress::parse("127.0.0.1"), 0});
  ASSERT_TRUE(listener);
  PostgresOptions options;
  options.host = "localhost";
  options.port = (*listener)->endpoint().port;
  options.database = "gatehouse";
  options.user = "gatehouse";
  options.password = Secret<std::string>("hunter2");
  options.resolver = std::make_shared<net::BlockingPool>(1, 8);
  PostgresStore store(std::move(options), clock);
  std::optional<Result<bool>> connected;
  const auto connect = [&]() -> net::Task<void> {
    connected = co_await store.transact<bool>(loop, Store::Mode::read, clock.monotonic() + seconds{60},
                                              [](Session&) -> net::Task<Result<bool>> { co_return true; });
  };
  net::spawn(loop, connect());
  const std::string heard = net::finish(loop, refuse_tls(loop, **listener));
  while (!connected) loop.poll();
  EXPECT_EQ(heard.size(), 8U) << "the wish for TLS is 8 bytes, and no name or password is behind it";
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace gatehouse::db
