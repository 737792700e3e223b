// One TLS connection: its handshake, and its requests one after the other.
#pragma once

#include "net/socket.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

net::Task<void> serve_connection(Worker& worker, net::Accepted accepted);

}  // namespace gatehouse::server
