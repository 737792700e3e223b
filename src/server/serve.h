// One exchange on any carrier: the gates, the answer, the event.
#pragma once

#include "gate/exchange.h"
#include "net/task.h"
#include "server/carrier.h"

namespace gatehouse::server {

struct Serving;
class Worker;

// `exchange` has begun, and its head is read. All that is passed outlives the task. Leaves one event, also
// where the task is destroyed. No exception but of memory leaves it: a bug becomes an answer of 500, or a
// break where the answer has begun.
net::Task<void> serve(Worker& worker, const Serving& serving, gate::Exchange& exchange, Carrier& carrier);

}  // namespace gatehouse::server
