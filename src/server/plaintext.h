// The listener without TLS: it redirects or rejects, and raises the alarm when a credential came in the
// clear.
#pragma once

#include "net/socket.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

net::Task<void> serve_plaintext(Worker& worker, net::Accepted accepted);

}  // namespace gatehouse::server
