// The admin listener: health and metrics, over plain HTTP on an address of its own, never on the public
// listener.
//
//   GET /health/live    200 as long as the process answers
//   GET /health/ready   200 while it takes requests, 503 before and while it drains   (also /health)
//   GET /metrics        Prometheus text
#pragma once

#include <functional>
#include <string>

#include "net/socket.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

using RenderMetrics = std::function<void(std::string& out)>;

net::Task<void> serve_admin(Worker& worker, net::Accepted accepted, RenderMetrics metrics);

}  // namespace gatehouse::server
