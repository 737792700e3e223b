// The store on one SQLite file: a thread that writes, and one that reads. All works that gathered for the
// writer while it waited for the disk share one transaction and one commit, each work in a savepoint of its
// own: a thousand changes at once cost a few flushes.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "db/connection.h"
#include "db/file_identity.h"
#include "db/store.h"

namespace gatehouse::db {

// Which file a path names; `not_found` where it names none.
Result<FileIdentity> file_at(const std::string& path);

// One statement, at once, on the caller's thread.
Result<RowSet> run_now(Connection& connection, Statement statement, std::span<const Parameter> values);

class SqliteStore final : public Store {
 public:
  // Where another file stands in the database's place by now, such as a backup that was put back.
  enum class Replaced : std::uint8_t {
    refuse,  // `conflict`: a process that changed the one file must not read the other
    follow,  // read and write the one that is there; none is made
  };

  // `options.busy_timeout` is how long a work waits at most for other processes that write, where its
  // deadline leaves that much. `clock`, which the deadlines are of, must outlive the store.
  static Result<std::shared_ptr<SqliteStore>> open(const OpenOptions& options, const Clock& clock,
                                                   Replaced replaced);
  // Waiting works still run; then the threads end.
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  net::Task<Result<>> migrate(net::Loop& loop, std::string_view component,
                              std::span<const Statement> steps) override;

  const std::string& path() const;  // absolute
  // Which file the last transaction of mode `read` saw. `conflict` where the path names another by now, or
  // none.
  Result<FileIdentity> file() const;

 private:
  struct Call;
  class Lane;
  class Waiting;
  class OnConnection;
  SqliteStore(std::string path, std::unique_ptr<Lane> reader, std::unique_ptr<Lane> writer);
  net::Task<Result<>> perform(net::Loop& loop, Mode mode, MonotonicTime deadline,
                              std::shared_ptr<Job> job) override;

  const std::string path_;
  std::unique_ptr<Lane> reader_;
  std::unique_ptr<Lane> writer_;
};

}  // namespace gatehouse::db
