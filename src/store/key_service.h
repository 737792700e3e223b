// The operations on API keys in the store: one service for `gatehouse key` and for all other code that
// changes keys. A running server sees each change as key_store.h describes.
#pragma once

#include <chrono>
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
#include "store/change_recorder.h"
#include "store/key_change.h"

namespace gatehouse::db {
class Store;
}
namespace gatehouse::net {
class Loop;
}

namespace gatehouse::store {

// Makes or updates the tables of keys. Their names begin with `gatehouse_`.
net::Task<Result<>> prepare_key_tables(net::Loop& loop, db::Store& store);

// The last change of keys and instructions: a server that has confirmed it has read every change made before.
net::Task<Result<KeyChange>> last_change(net::Loop& loop, db::Store& store, MonotonicTime until);

struct KeyRequest {
  std::string principal{};
  std::string tenant{};
  std::vector<std::string> roles{};  // the caller has held them against the configuration
  std::vector<std::string> scopes{};
  std::vector<std::string> authenticators{};  // that take it
  std::optional<std::chrono::nanoseconds> lifetime{};
  std::vector<IpNetwork> addresses{};
};

struct CreatedKey : Recorded {
  std::string id;
  Secret<std::string> text;  // to be shown once; it is kept nowhere
};

struct ImportedKey : Recorded {
  std::string id;
};

struct ShortenedKey : Recorded {
  WallTime ends{};
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
             ChangeActor actor = {})
      : store_(store),
        hasher_(hasher),
        entropy_(entropy),
        clock_(clock),
        recorder_(store, entropy, clock, std::move(actor)) {}

  // Each is one transaction, and durable when its task has ended; a change leaves an event (`key.create`,
  // `key.rotate`, `key.revoke`) behind it. `until` bounds the wait for the store; after
  // `unavailable` with Retry::no it is not known whether a change was made.

  // `invalid` for texts that would make a line of a log or table ambiguous, and for a principal that has a
  // name of Gatehouse's own.
  net::Task<Result<CreatedKey>> create(net::Loop& loop, MonotonicTime until, KeyRequest request);
  // A key of another system, of which `sha256` is the digest: it stays as it is, and its id begins with
  // crypto::kImportedPrefix. Leaves `key.import`. `conflict` if it is there already.
  net::Task<Result<ImportedKey>> import_key(net::Loop& loop, MonotonicTime until, KeyRequest request,
                                            crypto::Digest256 sha256);
  // Oldest first.
  net::Task<Result<std::vector<ListedKey>>> list(net::Loop& loop, MonotonicTime until);
  // A new key for the same principal, with the same roles, addresses and lifetime; the old one stays valid
  // for `overlap`. `not_found`; `conflict` if the key is not valid or was rotated before.
  net::Task<Result<CreatedKey>> rotate(net::Loop& loop, MonotonicTime until, std::string id,
                                       std::chrono::nanoseconds overlap);
  // Of a key that was rotated: it stays valid for `overlap` from now on. Gives its end. `not_found`;
  // `conflict` if it was not rotated, or ends before that already: an overlap is only shortened.
  net::Task<Result<ShortenedKey>> shorten(net::Loop& loop, MonotonicTime until, std::string id,
                                          std::chrono::nanoseconds overlap);
  // `not_found`; revoking twice is not an error and keeps the first time.
  net::Task<Result<Recorded>> revoke(net::Loop& loop, MonotonicTime until, std::string id);
  // The events of changes: also of those that other services of this store note.
  const ChangeRecorder& recorder() const { return recorder_; }

 private:
  struct NewKey;
  Result<NewKey> generate() const;

  db::Store& store_;
  const crypto::KeyHasher& hasher_;
  Entropy& entropy_;
  const Clock& clock_;
  const ChangeRecorder recorder_;
};

}  // namespace gatehouse::store
