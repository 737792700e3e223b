// For tests: a driver of the store that waits at every step and fails on request, and a PostgreSQL.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "db/connection.h"
#include "db/detached.h"
#include "db/postgres_store.h"
#include "db/sqlite_store.h"
#include "db/store.h"
#include "net/blocking_pool.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/testing.h"

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

// A PostgreSQL of the tests' own, in a folder of its own. A Unix socket there leads to it, and a free port of
// 127.0.0.1, with TLS and a password.
class PostgresCluster {
 public:
  // The one of this program: started when it is first asked for, stopped when the program ends.
  static PostgresCluster& instance() {
    static PostgresCluster cluster;
    return cluster;
  }

  // A database of its own.
  PostgresOptions new_database() {
    const std::string name = "d" + std::to_string(++databases_);
    execute("postgres", "CREATE DATABASE " + name);
    return options(name);
  }
  PostgresOptions options(const std::string& database) const {
    PostgresOptions options;
    options.host = folder_.string();
    options.port = port_;
    options.database = database;
    options.user = "gatehouse";
    return options;
  }
  // Through the port, as from another machine: by name, with TLS and the password.
  PostgresOptions options_by_name(const std::string& database) const {
    PostgresOptions named = options(database);
    named.host = "localhost";
    named.password = Secret<std::string>(kPassword);
    named.ca = (folder_ / "ca.crt").string();
    named.resolver = std::make_shared<net::BlockingPool>(1, 8);
    return named;
  }
  // Connections from now on get one for this name.
  void use_certificate_for(const std::string& name) {
    const net::testing::Identity server(name, &authority_, "DNS:" + name);
    write("server.crt", server.certificate_pem());
    write("server.key", std::string(server.key_pem().reveal()));
    if (server_ < 0) return;
    const std::string before = execute("postgres", "SELECT pg_conf_load_time()");
    execute("postgres", "SELECT pg_reload_conf()");
    while (execute("postgres", "SELECT pg_conf_load_time()") == before)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }

  // Blocks, and throws PostgreSQL's error. Returns the first value of the first row.
  std::string execute(const std::string& database, const std::string& sql) const {
    const std::string where = address() + database;
    PGconn* const connection = PQconnectdb(where.c_str());
    PGresult* const result = PQexec(connection, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    std::string text = done && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    if (!done) text = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (!done) throw std::runtime_error(text);
    return text;
  }

  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

 private:
  PostgresCluster() {
    // A short path: that of a socket is bounded.
    std::string pattern = "/tmp/gatehouse-postgres-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for PostgreSQL");
    folder_ = pattern;
    // PostgreSQL refuses root, and its package has made a user.
    if (::geteuid() == 0) user_ = ::getpwnam("postgres");
    if (user_ != nullptr && ::chown(folder_.c_str(), user_->pw_uid, user_->pw_gid) != 0)
      throw std::runtime_error("PostgreSQL's folder cannot be given away");
    const std::string data = (folder_ / "data").string();
    int status = -1;
    ::waitpid(start({"initdb", "--pgdata", data, "--username=gatehouse", "--auth=trust", "--encoding=UTF8",
                     "--no-locale", "--no-sync", "--auth-host=scram-sha-256"}),
              &status, 0);
    if (status != 0) {
      throw std::runtime_error("PostgreSQL 15 cannot be set up (the package postgresql-15 is needed): " +
                               (folder_ / "log").string());
    }
    write("ca.crt", authority_.certificate_pem());
    use_certificate_for("localhost");
    start_on_a_free_port(data);
    execute("postgres", std::string("ALTER ROLE gatehouse PASSWORD '") + kPassword + "'");
  }
  ~PostgresCluster() {
    ::kill(server_, SIGINT);
    ::waitpid(server_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string address() const {
    return "host=" + folder_.string() + " port=" + std::to_string(port_) + " user=gatehouse dbname=";
  }

  void write(const std::string& name, const std::string& text) const {
    const std::string path = (folder_ / name).string();
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const bool whole = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(file);
    if (!whole || (user_ != nullptr && ::chown(path.c_str(), user_->pw_uid, user_->pw_gid) != 0))
      throw std::runtime_error("cannot write " + path);
  }

  // The port is free when it is chosen; where another process takes it meanwhile, another one is tried.
  void start_on_a_free_port(const std::string& data) {
    for (int tries = 0; tries < 20; ++tries) {
      port_ = free_port();
      server_ = start({"postgres", "-D", data, "-k", folder_.string(), "-p", std::to_string(port_), "-c",
                       "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "ssl=on", "-c",
                       "ssl_cert_file=" + (folder_ / "server.crt").string(), "-c",
                       "ssl_key_file=" + (folder_ / "server.key").string()});
      const std::string where = address() + "postgres";
      while (::waitpid(server_, nullptr, WNOHANG) == 0) {
        if (PQping(where.c_str()) == PQPING_OK) return;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
      }
    }
    throw std::runtime_error("PostgreSQL does not start: " + (folder_ / "log").string());
  }
  static std::uint16_t free_port() {
    const SystemClock clock;
    net::Loop loop(clock);
    auto listener = net::Listener::open(loop, net::testing::loopback());
    if (!listener) throw std::runtime_error(listener.error().text);
    return (*listener)->endpoint().port;
  }

  pid_t start(std::vector<std::string> words) const {
    words[0] = "/usr/lib/postgresql/15/bin/" + words[0];
    const std::string log = (folder_ / "log").string();
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (user_ != nullptr &&
        (::setgroups(0, nullptr) != 0 || ::setgid(user_->pw_gid) != 0 || ::setuid(user_->pw_uid) != 0))
      ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // it does not outlive the tests, even killed ones
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    if (::chdir("/") == 0) ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  static constexpr const char* kPassword = "correct horse";

  const net::testing::Identity authority_{"Tests", nullptr, "", net::testing::Identity::Use::authority};
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  const passwd* user_ = nullptr;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace gatehouse::db::testing
