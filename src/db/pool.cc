#include "db/pool.h"

namespace gatehouse::db {

Result<Pool::Lease> Pool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
  }
  GATEHOUSE_TRY(Connection connection, Connection::open(options_));
  return Lease(*this, std::move(connection));
}

void Pool::give_back(Connection connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace gatehouse::db
