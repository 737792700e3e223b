// The operations on API keys in the store: one service for `gatehouse key` and for all other code that
// changes keys. A running server sees each change as key_store.h describes.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/secret.h"
#include "core/key_directory.h"
#include "crypto/api_key.h"
#include "net/task.h"
#include "store/key_change.h"

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
struct ChangeNote;

// Makes or updates the tables of keys. Their names begin with `gatehouse_`.
net::Task<Result<>> prepare_key_tables(net::Loop& loop, db::Store& store);

struct KeyRequest {
  std::string principal{};
  std::string tenant{};
  std::vector<std::string> roles{};  // the caller has held them against the configuration
  std::vector<std::string> scopes{};
  std::vector<std::string> authenticators{};  // that take it
  std::optional<std::chrono::nanoseconds> lifetime{};
  std::vector<IpNetwork> addresses{};
};

// The change is made. Its event was recorded durably, or this says why not.
struct Recorded {
  Result<> event;
};

struct CreatedKey : Recorded {
  std::string id;
  Secret<std::string> text;  // to be shown once; it is kept nowhere
};

// Whose changes these are, and the record of them.
struct KeyActor {
  AuditSink* record = nullptr;      // null: changes are not recorded, as for a sample's keys
  std::string id{};                 // "uid:1000"
  std::string_view scheme{};        // how that is known
  const KeyMaker* maker = nullptr;  // this process; null: its events are not noted for others
  // Whether the record has an event of this `request.id`. None: it has not.
  std::function<Result<bool>(std::string_view id)> has_event = {};
};

struct ListedKey {
  StoredKey record;
  std::string rotated_from;  // the id it took over from; empty: none
  std::string rotated_to;
  std::optional<WallTime> last_used;
};

class KeyService {
 public:
  // All must outlive the object. prepare_key_tables() has been called.
  KeyService(db::Store& store, const crypto::KeyHasher& hasher, Entropy& entropy, const Clock& clock,
             KeyActor actor = {})
      : store_(store), hasher_(hasher), entropy_(entropy), clock_(clock), actor_(std::move(actor)) {}

  // Each is one transaction, and durable when its task has ended; a change leaves an event (`key.create`,
  // `key.rotate`, `key.revoke`) behind it. `until` bounds the wait for the store;
  // after `unavailable` with Retry::no it is not known whether a change was made.
  //
  // The transaction notes the event too (gatehouse_key_events), and the note goes when the record has the
  // event: where the process ends in between, the next record_left() records it.

  // `invalid` for texts that would make a line of a log or table ambiguous, and for a principal that has a
  // name of Gatehouse's own.
  net::Task<Result<CreatedKey>> create(net::Loop& loop, MonotonicTime until, KeyRequest request);
  // Oldest first.
  net::Task<Result<std::vector<ListedKey>>> list(net::Loop& loop, MonotonicTime until);
  // A new key for the same principal, with the same roles, addresses and lifetime; the old one stays valid
  // for `overlap`. `not_found`; `conflict` if the key is not valid or was rotated before.
  net::Task<Result<CreatedKey>> rotate(net::Loop& loop, MonotonicTime until, std::string id,
                                       std::chrono::nanoseconds overlap);
  // `not_found`; revoking twice is not an error and keeps the first time.
  net::Task<Result<Recorded>> revoke(net::Loop& loop, MonotonicTime until, std::string id);
  // Records what processes that have ended left noted: each event once, with the `request.id` and the time of
  // its change. How many there were; after an error the others stay noted.
  net::Task<Result<std::size_t>> record_left(net::Loop& loop, MonotonicTime until);
  // The last change of keys: a server that has confirmed it has read every change made before.
  net::Task<Result<KeyChange>> last_change(net::Loop& loop, MonotonicTime until);

 private:
  struct NewKey;
  Result<NewKey> generate() const;
  ChangeNote note_of(std::string_view operation, std::string_view key, std::string detail = {}) const;
  net::Task<Result<>> record(const ChangeNote& note, MonotonicTime until) const;
  // Of a change that is committed; then its note goes.
  net::Task<Result<>> record_change(net::Loop& loop, ChangeNote note, MonotonicTime until) const;
  // Of one whose process has ended, unless the record has it.
  net::Task<Result<>> record_once(const ChangeNote& note, MonotonicTime until) const;

  db::Store& store_;
  const crypto::KeyHasher& hasher_;
  Entropy& entropy_;
  const Clock& clock_;
  const KeyActor actor_;
};

}  // namespace gatehouse::store
