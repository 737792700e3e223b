// The events of changes that a command makes in the store. The transaction of a change notes its event
// (gatehouse_key_events), and the note goes when the record has the event: where the process ends in between,
// the next record_left() records it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "net/task.h"
#include "store/change_notes.h"

namespace gatehouse {
class AuditSink;
}
namespace gatehouse::db {
class Store;
}
namespace gatehouse::net {
class Loop;
}

namespace gatehouse::store {

class KeyMaker;

// The change is made. Its event was recorded durably, or this says why not.
struct Recorded {
  Result<> event;
};

// Whose changes these are, and the record of them.
struct ChangeActor {
  AuditSink* record = nullptr;      // null: changes are not recorded, as for a sample's keys
  std::string id{};                 // "uid:1000"
  std::string_view scheme{};        // how that is known
  const KeyMaker* maker = nullptr;  // this process; null: its events are not noted for others
  // Whether the record has an event of this `request.id`. None: it has not.
  std::function<Result<bool>(std::string_view id)> has_event = {};
};

class ChangeRecorder {
 public:
  // All must outlive the object.
  ChangeRecorder(db::Store& store, Entropy& entropy, const Clock& clock, ChangeActor actor)
      : store_(store), entropy_(entropy), clock_(clock), actor_(std::move(actor)) {}

  const ChangeActor& actor() const { return actor_; }
  // To be written in the transaction of the change (write_note). `subject`: the key's id, or what the
  // instruction is about.
  ChangeNote note_of(std::string_view operation, std::string_view subject, std::string detail = {}) const;
  // Of a change that is committed; then its note goes.
  net::Task<Result<>> record_change(net::Loop& loop, ChangeNote note, MonotonicTime until) const;
  // Records what processes that have ended left noted: each event once, with the `request.id` and the time of
  // its change. How many there were; after an error the others stay noted.
  net::Task<Result<std::size_t>> record_left(net::Loop& loop, MonotonicTime until) const;

 private:
  net::Task<Result<>> record(const ChangeNote& note, MonotonicTime until) const;
  // Of one whose process has ended, unless the record has it.
  net::Task<Result<>> record_once(const ChangeNote& note, MonotonicTime until) const;

  db::Store& store_;
  Entropy& entropy_;
  const Clock& clock_;
  const ChangeActor actor_;
};

}  // namespace gatehouse::store
