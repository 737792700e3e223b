// `listen.health`: whether this server takes requests, for a load balancer that knows none of its names.
#pragma once

#include "gate/exchange.h"
#include "server/worker.h"

namespace gatehouse::server {

// Whether this is the request that `listen.health` answers: GET or HEAD, that very target, and no body.
bool asks_for_health(const policy::Listen& listen, const http::RequestHead& head);

// Records one of these requests a minute, over all workers; the event says how many came since the one
// before.
void record_health(Worker& worker, const gate::Exchange& exchange, const gate::Ending& ending);

}  // namespace gatehouse::server
