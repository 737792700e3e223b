// The admin listener: health and metrics, over HTTP, plain or TLS, on an address of its own, never on the
// public listener.
//
//   GET /health/live    200 as long as the process answers
//   GET /health/ready   200 while it takes requests, 503 before and while it drains   (also /health)
//   GET /metrics        Prometheus text
//
// The Host field must be an address, `localhost` or one of listen.admin.names: a page in a browser on this
// machine could otherwise reach the listener under a name of its own (DNS rebinding).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "net/socket.h"
#include "net/task.h"

namespace gatehouse::server {

class Worker;

// Open at once; one more is closed. Each has seconds to ask and to take its answer.
inline constexpr std::uint32_t kMostAdminConnections = 64;

using RenderMetrics = std::function<void(std::string& out)>;

net::Task<void> serve_admin(Worker& worker, net::Accepted accepted, RenderMetrics metrics);

}  // namespace gatehouse::server
