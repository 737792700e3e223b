// The port to the record of events. One instance for each worker, used on its thread only.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "core/event.h"
#include "net/task.h"

namespace gatehouse {

class AuditSink {
 public:
  virtual ~AuditSink() = default;
  // Whether there is room for the event of a new request. If not, the request is refused before any work: an
  // operation that could not be recorded is not done.
  virtual bool accepting() const = 0;
  // Takes the event at once; it reaches its sinks shortly after, off the request path. The event of a
  // `sensitive` operation is then flushed to the disk; the caller does not wait for it.
  virtual void record(const Event& event) = 0;
  // Takes the event at once, like record(). Success: the event survives a crash of the machine. A failure
  // (`timeout`: no success by the deadline) means that this is unknown: a sink retries. The data of `event`
  // is read when the task begins, and not later.
  virtual net::Task<Result<>> record_durably(const Event& event, MonotonicTime deadline) = 0;
  // The full original of an answer that was withheld from the client (an upstream's error answer), for
  // operators. Cut at a bound; byte runs equal to one of `credentials`, which the upstream may have repeated,
  // are removed. Dropped if the sinks are so busy that events need the room.
  virtual void keep_original(std::string_view request_id, unsigned status, std::string_view head,
                             std::string_view body, std::span<const std::string_view> credentials = {}) = 0;
};

}  // namespace gatehouse
