// For tests: a PostgreSQL of their own, in a folder of its own, which only a Unix socket there leads to.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/postgres_store.h"

namespace gatehouse::db::testing {

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
    options.database = database;
    options.user = "gatehouse";
    return options;
  }
  // Blocks, and throws what PostgreSQL says against it. Gives the first value of the first row.
  std::string execute(const std::string& database, const std::string& sql) const {
    const std::string where = "host=" + folder_.string() + " user=gatehouse dbname=" + database;
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
                     "--no-locale", "--no-sync"}),
              &status, 0);
    if (status != 0) {
      throw std::runtime_error("PostgreSQL 15 cannot be set up (the package postgresql-15 is needed): " +
                               (folder_ / "log").string());
    }
    server_ =
        start({"postgres", "-D", data, "-k", folder_.string(), "-c", "listen_addresses=", "-c", "fsync=off"});
    const std::string where = "host=" + folder_.string() + " user=gatehouse dbname=postgres";
    while (PQping(where.c_str()) != PQPING_OK) {
      if (::waitpid(server_, &status, WNOHANG) != 0) throw std::runtime_error("PostgreSQL has ended");
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }
  ~PostgresCluster() {
    ::kill(server_, SIGINT);
    ::waitpid(server_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
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

  std::filesystem::path folder_;
  const passwd* user_ = nullptr;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace gatehouse::db::testing
