#include "db/pool.h"

#include <fmt/format.h>

namespace gatehouse::db {

Result<Connection> Pool::idle_or_new() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Connection connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return Connection::open(options_);
}

Result<Pool::Lease> Pool::take() {
  GATEHOUSE_TRY(Connection connection, idle_or_new());
  const auto file = connection.file();
  if (!file || *file != file_) {
    return failure(ErrorCode::conflict,
                   fmt::format("{} is not the file that the statements were checked against any more; reload "
                               "to check them against the new file",
                               options_.path));
  }
  return Lease(*this, std::move(connection));
}

void Pool::give_back(Connection connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace gatehouse::db
