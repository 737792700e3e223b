// How the process's file descriptors are dealt out: so many to the callers' connections, so many to
// upstreams, and the rest held back for the store, the log, the keys of issuers and administration. Every
// bound is kept, so none of them can run out because of the others.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "policy/settings.h"

namespace gatehouse::app {

struct ConnectionBounds {
  std::uint32_t connections = 0;
  std::uint32_t per_address = 0;
};

// How many descriptors the process may have: the hard limit of RLIMIT_NOFILE.
std::uint64_t descriptor_limit();
// Raises the soft limit to the hard one.
void raise_descriptor_limit();

// Missing settings are derived from `limit`. Error{invalid}: the configured ones do not fit into it.
Result<ConnectionBounds> connection_bounds(const policy::Settings& settings, std::uint64_t limit);
unsigned worker_count(const policy::Settings& settings);

}  // namespace gatehouse::app
