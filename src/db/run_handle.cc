#include "db/run_handle.h"

#include <sqlite3.h>

namespace gatehouse::db {

bool RunHandle::interrupt() {
  State was = State::open;
  if (!state_.compare_exchange_strong(was, State::interrupted, std::memory_order_acq_rel))
    return was == State::interrupted;
  // A run that has not begun sees the state in its progress handler.
  const std::lock_guard lock(mutex_);
  if (database_ != nullptr) sqlite3_interrupt(database_);
  return true;
}

bool RunHandle::settle() {
  State was = State::open;
  return state_.compare_exchange_strong(was, State::committed, std::memory_order_acq_rel);
}

void RunHandle::attach(sqlite3* database) {
  const std::lock_guard lock(mutex_);
  database_ = database;
}

}  // namespace gatehouse::db
