// Where schema checks that take longer than a worker's other requests may wait are done.
#pragma once

#include <memory>

#include "net/blocking_pool.h"
#include "net/loop.h"

namespace gatehouse::gate {

struct LongChecks {
  std::shared_ptr<net::BlockingPool> threads;  // null: everything is checked at once
  net::Loop* loop = nullptr;                   // of the worker; outlives its requests
};

}  // namespace gatehouse::gate
