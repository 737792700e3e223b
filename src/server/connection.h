// One TLS connection: its handshake, and its requests one after the other.
#pragma once

#include "net/socket.h"
#include "net/stream.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

net::Task<void> serve_connection(Worker& worker, net::Accepted accepted);

// The requests of a stream that needs no handshake: for tests, and for what is encrypted elsewhere.
net::Task<void> serve_requests(Worker& worker, net::StreamPtr stream);

}  // namespace gatehouse::server
