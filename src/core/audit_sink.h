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
  // Whether there is room for what a new request will leave behind. Where there is none the request is
  // refused before any work is done for it: nothing happens that could not be recorded.
  virtual bool accepting() const = 0;
  // Takes the event at once; it reaches its sinks within a moment, off the request path. That of a
  // `sensitive` operation is then flushed to the disk, without anybody waiting for it.
  virtual void record(const Event& event) = 0;
  // Takes the event at once, as record() does. Success means that it survives the machine. A failure
  // (`timeout`: none could be told by the deadline) means that nobody knows whether it will: a sink goes on
  // trying. What `event` refers to is read when the task begins, and not later.
  virtual net::Task<Result<>> record_durably(const Event& event, MonotonicTime deadline) = 0;
  // The full original of what was withheld from the client (an upstream's error answer), for operators.
  // Cut at a bound; a byte run equal to one of `credentials`, which the other side may have repeated, is
  // taken out. Left out where the sinks have so much to do that events need the room.
  virtual void keep_original(std::string_view request_id, unsigned status, std::string_view head,
                             std::string_view body, std::span<const std::string_view> credentials = {}) = 0;
};

}  // namespace gatehouse
