// The database that statements of the configuration run on: its connections, and the threads that use them.
#pragma once

#include "base/clock.h"
#include "db/pool.h"
#include "target/statement_threads.h"

namespace gatehouse::target {

// Shared by all workers.
struct Database {
  db::Pool connections;
  StatementThreads& threads;  // outlive it
  const Clock& clock;
};

}  // namespace gatehouse::target
