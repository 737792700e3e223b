// The port to the API keys that exist. Shared by all workers; finding a key touches no database.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

namespace gatehouse {

// One key as it is stored: never the key itself.
struct StoredKey {
  std::string id;         // the part between `gh_` and the secret
  std::string principal;  // "partner:acme"
  std::string tenant;     // empty: none
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  // The authenticators that take it. Empty, as for keys from before they belonged to one: the only one.
  std::vector<std::string> authenticators;
  std::vector<IpNetwork> addresses;     // from where it may be used; empty: from anywhere
  std::array<std::uint8_t, 32> hash{};  // crypto::KeyHasher over the whole key
  WallTime created{};
  WallTime expires = WallTime::max();
  WallTime overlap_ends = WallTime::max();  // another key took over from it: from then on it is refused
  std::optional<WallTime> revoked;  // the time of revocation; the key is refused independent of the clock
  bool operator==(const StoredKey&) const = default;
};

// The keys at one moment. Immutable.
class KeySnapshot {
 public:
  virtual ~KeySnapshot() = default;
  // Null if there is no such key. Valid as long as the snapshot.
  virtual const StoredKey* find(std::string_view id) const = 0;
  // Counts as the last use of a key that find() gave; written in the background. From any thread.
  virtual void used(const StoredKey& key, WallTime now) const = 0;
  // Whether there may be keys of other systems: without any, no text of another form needs to be hashed.
  virtual bool has_imported() const = 0;
  // Differs for every state of the keys: caches compare it.
  virtual std::uint64_t generation() const = 0;
};

class KeyDirectory {
 public:
  virtual ~KeyDirectory() = default;
  // From any thread. A revocation is in the snapshots taken after it took effect.
  virtual std::shared_ptr<const KeySnapshot> snapshot() const = 0;
  // The generation that snapshot() would give, without a lock.
  virtual std::uint64_t generation() const = 0;
};

// One thread's view of the keys: it takes a snapshot only when there is a newer one, so that looking a key up
// shares nothing that is written. A thread without requests keeps the snapshot of its last one.
class KeyView {
 public:
  explicit KeyView(std::shared_ptr<const KeyDirectory> directory)
      : directory_(std::move(directory)), snapshot_(directory_->snapshot()) {}
  // The current snapshot; valid until the next call.
  const KeySnapshot& now() {
    if (directory_->generation() != snapshot_->generation()) snapshot_ = directory_->snapshot();
    return *snapshot_;
  }
  const std::shared_ptr<const KeyDirectory>& directory() const { return directory_; }

 private:
  std::shared_ptr<const KeyDirectory> directory_;
  std::shared_ptr<const KeySnapshot> snapshot_;
};

}  // namespace gatehouse
