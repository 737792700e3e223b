// The embedded event store: every event, and the originals of answers that were kept behind the wall, in
// SQLite.
#pragma once

#include <chrono>
#include <memory>

#include "audit/batch.h"
#include "base/units.h"
#include "db/connection.h"

namespace gatehouse::audit {

// Makes or updates the tables of events. Their names begin with `gatehouse_`.
Result<> prepare_event_tables(db::Connection& connection);

struct Retention {
  std::chrono::hours age{24 * 90};
  ByteCount size = mebibytes(4096);  // of the database's pages in use; the oldest events go first
};

// `connection` is the sink's alone. One transaction for each batch.
std::unique_ptr<Sink> store_sink(db::Connection connection, Retention retention = {});

}  // namespace gatehouse::audit
