// The listener without TLS: it redirects or rejects, and raises the alarm when a credential came in the
// clear.
#pragma once

#include <cstddef>

#include "net/socket.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

// `listener`: the index of the one that it came by.
net::Task<void> serve_plaintext(Worker& worker, std::size_t listener, net::Accepted accepted);

}  // namespace gatehouse::server
