// Names to addresses, by the system's resolver on the blocking pool.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "net/blocking_pool.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::net {

// The addresses of `host` in the system's order (RFC 6724), without repeats; an address as text gives itself
// at once. Error{not_found}: no such name; Error{unavailable, Retry::yes}: no answer now.
Task<Result<std::vector<IpAddress>>> resolve(Loop& loop, BlockingPool& pool, std::string host);

}  // namespace gatehouse::net
