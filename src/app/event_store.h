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

// Reads only the store's settings of the configuration: an operator can read events while the rest of it is
// wrong.
Result<EventStore> open_event_store(const std::string& config);

// Of the events that pass.
Result<audit::DroppedNames> count_dropped(EventStore& store, const audit::EventFilter& filter);

}  // namespace gatehouse::app
