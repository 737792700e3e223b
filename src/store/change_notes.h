// What the event of a change says, in the store from the transaction that changes until the event is
// recorded: where the process ends in between, the next one finds it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"

namespace gatehouse::db {
class Session;
}

namespace gatehouse::store {

struct ChangeNote {
  std::string id;  // the event's `request.id`; empty: changes are not recorded, and nothing is noted
  WallTime time{};
  std::string operation, key, principal, actor, scheme, detail;
  std::int64_t maker = 0;  // the process that records it (key_maker.h)
};

// In the transaction of the session.
net::Task<Result<>> write_note(db::Session& session, ChangeNote note);
net::Task<Result<>> remove_note(db::Session& session, std::string id);
// The oldest, a bounded number.
net::Task<Result<std::vector<ChangeNote>>> read_notes(db::Session& session);

}  // namespace gatehouse::store
