// The keys in memory: an immutable table in shards. A change copies the one shard that its key is in. Only
// for the files of this room.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/key_directory.h"

namespace gatehouse::store {

// A key as it was stored at one time, and when it was used since. Tables that follow each other share it.
struct KeyEntry : StoredKey, std::enable_shared_from_this<KeyEntry> {
  explicit KeyEntry(StoredKey key) : StoredKey(std::move(key)) {}

 private:
  friend class KeyUses;
  mutable std::atomic<std::int64_t> last_used_{0};  // seconds since 1970; 0: not since it was last taken
  // While last_used_ is not 0: the next entry in KeyUses, and the owner of this one.
  mutable const KeyEntry* next_ = nullptr;
  mutable std::shared_ptr<const KeyEntry> kept_;
};
using KeyEntryPointer = std::shared_ptr<const KeyEntry>;

// Which keys were used since the uses were taken, and when last. From any thread, without a lock.
//
// There is one list for all workers, not one for each: most requests only read the line of the key that the
// workers share. The first use after a take puts the key into the list, and a later one writes once a second.
class KeyUses {
 public:
  KeyUses() = default;
  ~KeyUses() { take(); }
  KeyUses(const KeyUses&) = delete;
  KeyUses& operator=(const KeyUses&) = delete;

  void note(const KeyEntry& entry, std::int64_t second);
  struct Use {
    KeyEntryPointer key;
    std::int64_t second = 0;
  };
  std::vector<Use> take();

 private:
  std::atomic<const KeyEntry*> first_{nullptr};
};

class KeyTable {
 public:
  static constexpr std::size_t kShards = 1024;
  static constexpr std::size_t kShardBits = 10;

  struct Change {
    std::string id;
    KeyEntryPointer entry;  // null: there is no such key
  };

  // Without keys.
  KeyTable();
  // `before` with these changes. No id comes twice.
  KeyTable(const KeyTable& before, std::span<const Change> changes);

  const KeyEntry* find(std::string_view id) const;
  std::size_t size() const;
  // The amount that the last constructor copied from `before`: keys (a pointer and a hash each).
  std::size_t copied() const { return copied_; }

 private:
  class Shard;
  static std::size_t shard_of(std::size_t hash) { return hash >> (64 - kShardBits); }

  std::array<std::shared_ptr<const Shard>, kShards> shards_;
  std::size_t copied_ = 0;
};

}  // namespace gatehouse::store
