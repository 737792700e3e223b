// One connection to PostgreSQL. Only for the files of this room.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include <libpq-fe.h>

#include "base/result.h"
#include "db/postgres_store.h"
#include "db/row_set.h"
#include "db/sql.h"
#include "net/task.h"

namespace gatehouse::net {
class DescriptorWatch;
class Loop;
}  // namespace gatehouse::net

namespace gatehouse::db {

class PostgresConnection {
 public:
  ~PostgresConnection();
  static net::Task<Result<std::unique_ptr<PostgresConnection>>> connect(net::Loop& loop,
                                                                        const PostgresOptions& options,
                                                                        MonotonicTime until);

  // The loop that waits for this connection from now on; only this loop may use it.
  void attach(net::Loop& loop);
  void detach();

  // A failure of a statement, apart from those of the connection.
  struct Refused {
    Error error;
    bool run_again = false;        // the whole transaction may succeed when it runs again
    bool stale_statement = false;  // a prepared statement does not fit the tables any more
  };
  using Answer = std::expected<RowSet, Refused>;

  // A statement of Gatehouse's own, prepared with its first run. After `until` the connection is lost.
  net::Task<Answer> run(Sql sql, std::span<const Parameter> values, MonotonicTime until);
  // Statements without values and without rows that matter.
  net::Task<Answer> command(std::string text, MonotonicTime until);

  bool lost() const { return lost_ || PQstatus(connection_.get()) != CONNECTION_OK; }
  bool idle() const { return !lost() && PQtransactionStatus(connection_.get()) == PQTRANS_IDLE; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using OwnedResult = std::unique_ptr<PGresult, Clear>;

  explicit PostgresConnection(PGconn* connection);

  // Whether one of `events` (poll's) is there.
  net::Task<bool> ready(short events, MonotonicTime until);
  // The result of the sent statements: the last result, or the first that failed.
  net::Task<std::expected<OwnedResult, Refused>> answered(std::string_view doing, MonotonicTime until);
  Refused lost_with(std::string_view what);
  Refused refused_by(const PGresult* result, std::string_view doing) const;

  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<net::DescriptorWatch> watch_;            // behind connection_: goes before it closes
  std::unordered_map<const char*, std::string> prepared_;  // names of statements by their literals
  bool lost_ = false;
};

}  // namespace gatehouse::db
