// The database that statements of the configuration run on: connections for the threads that may block.
#pragma once

#include <memory>

#include "base/clock.h"
#include "db/pool.h"
#include "net/blocking_pool.h"

namespace gatehouse::target {

// Shared by all workers.
struct Database {
  db::Pool connections;
  std::shared_ptr<net::BlockingPool> threads;
  const Clock& clock;
};

}  // namespace gatehouse::target
