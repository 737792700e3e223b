// The store on PostgreSQL 15 or newer, through libpq without blocking: a few connections that all loops
// share, each with one loop for the time of a transaction.
//
// Transactions that write are serializable: where one would not have happened as it did had it run alone,
// PostgreSQL refuses it (40001), and the work runs again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "db/store.h"

namespace gatehouse::net {
class BlockingPool;
}

namespace gatehouse::db {

struct PostgresOptions {
  std::string host;  // a name, an address, or the folder of a Unix socket, which begins with `/`
  std::uint16_t port = 5432;
  std::string database;
  std::string user;
  Secret<std::string> password{};
  // The authority of the server's certificate, as a file. TLS is verified by host name, always; only a Unix
  // socket, or a loopback address written as one, has no TLS.
  std::string ca = "/etc/ssl/certs/ca-certificates.crt";
  std::size_t connections = 16;
  // Resolves the host's name; null where it is an address or a folder.
  std::shared_ptr<net::BlockingPool> resolver{};
};

class PostgresStore final : public Store {
 public:
  // Connects with the first work. `clock`, which the deadlines are of, must outlive the store.
  PostgresStore(PostgresOptions options, const Clock& clock);
  // No transaction runs any more.
  ~PostgresStore() override;
  PostgresStore(const PostgresStore&) = delete;
  PostgresStore& operator=(const PostgresStore&) = delete;

  net::Task<Result<>> migrate(net::Loop& loop, std::string_view component,
                              std::span<const Statement> steps) override;

 private:
  class Pool;
  class OnConnection;
  enum class Isolation : std::uint8_t { read, write, migrate };
  net::Task<Result<>> perform(net::Loop& loop, Mode mode, MonotonicTime deadline,
                              std::shared_ptr<Job> job) override;
  // At most one place in the pool is held by each.
  static net::Task<Result<>> transaction(std::shared_ptr<Pool> pool, net::Loop& loop, Isolation isolation,
                                         MonotonicTime deadline, std::shared_ptr<Job> job);
  net::Task<Result<>> admitted(net::Loop& loop, Isolation isolation, MonotonicTime deadline,
                               std::shared_ptr<Job> job);

  const std::shared_ptr<Pool> pool_;  // kept by a transaction that continues
};

}  // namespace gatehouse::db
