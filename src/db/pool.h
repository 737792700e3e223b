// Connections to one database, for the threads that do blocking work.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "db/connection.h"

namespace gatehouse::db {

// All to the one file that `file` says: where the path names another by now, nothing runs on either.
//
// Grows to as many connections as are used at once, which the number of threads bounds; the one given back
// last is taken first, so that its caches are warm.
class Pool {
 public:
  Pool(OpenOptions options, FileIdentity file) : options_(std::move(options)), file_(file) {}

  // Back to the pool when destroyed. Must not outlive the pool.
  class Lease {
   public:
    Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::move(other.connection_)) {
      other.pool_ = nullptr;
    }
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() { return connection_; }
    Connection* operator->() { return &connection_; }

   private:
    friend class Pool;
    Lease(Pool& pool, Connection connection) : pool_(&pool), connection_(std::move(connection)) {}
    Pool* pool_;
    Connection connection_;
  };

  Result<Lease> take();
  const std::string& path() const { return options_.path; }
  const FileIdentity& file() const { return file_; }

 private:
  void give_back(Connection connection);

  Result<Connection> idle_or_new();

  const OpenOptions options_;
  const FileIdentity file_;
  std::mutex mutex_;
  std::vector<Connection> idle_;
};

}  // namespace gatehouse::db
