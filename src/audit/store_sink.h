// The embedded event store: every event, and the originals of answers that were withheld. A
// SQLite database, and files with the lines of the events beside it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "audit/batch.h"
#include "audit/event_files.h"
#include "base/units.h"
#include "db/connection.h"

namespace gatehouse::audit {

// Makes or updates the tables of events. Their names begin with `gatehouse_`.
Result<> prepare_event_tables(db::Connection& connection);

struct Retention {
  std::chrono::nanoseconds age = std::chrono::hours(24 * 90);
  ByteCount size = mebibytes(4096);  // of files and database together; the oldest go first
  ByteCount file = mebibytes(64);    // a file grows no further, except by its last batch
  // Called when the store is four fifths full, long before events are deleted because of its size; again
  // after each kAgain for which it stays so. From the writer's thread.
  std::function<void(std::string_view)> on_filling = {};
  static constexpr std::chrono::hours kAgain{1};
};

// `connection` is the sink's alone. One transaction for each batch; other processes may write too.
std::unique_ptr<Sink> store_sink(db::Connection connection, Retention retention = {});

}  // namespace gatehouse::audit
