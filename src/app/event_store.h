// The event store as `log` and `why` read it, beside a server that may be running or not.
#pragma once

#include <string>

#include "audit/dropped_names.h"
#include "audit/query.h"
#include "base/result.h"
#include "db/connection.h"

namespace gatehouse::app {

struct EventStore {
  std::string path;
  db::Connection connection;  // reads only
};

// Of the configuration only what it says about the store is asked: whoever looks for what went wrong can look
// while the rest of it is wrong.
Result<EventStore> open_event_store(const std::string& config);

// Of the events that pass.
Result<audit::DroppedNames> count_dropped(EventStore& store, const audit::EventFilter& filter);

}  // namespace gatehouse::app
