// One HTTP/1.1 connection: its handshake, and its requests one after the other.
#pragma once

#include <cstddef>

#include "net/socket.h"
#include "net/stream.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

// `listener`: the index of the one that it came by.
net::Task<void> serve_connection(Worker& worker, std::size_t listener, net::Accepted accepted);

// The requests after the handshake.
net::Task<void> serve_requests(Worker& worker, std::size_t listener, net::StreamPtr stream);

}  // namespace gatehouse::server
