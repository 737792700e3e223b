#include "store/key_table.h"

#include <algorithm>
#include <bit>

#include "base/text_map.h"

namespace gatehouse::store {

void KeyUses::note(const KeyEntry& entry, std::int64_t second) {
  std::int64_t last = entry.last_used_.load(std::memory_order_relaxed);
  while (last < second && !entry.last_used_.compare_exchange_weak(last, second, std::memory_order_acq_rel)) {
  }
  if (last != 0) return;
  entry.kept_ = entry.shared_from_this();
  entry.next_ = first_.load(std::memory_order_relaxed);
  while (!first_.compare_exchange_weak(entry.next_, &entry, std::memory_order_release,
                                       std::memory_order_relaxed)) {
  }
}

std::vector<KeyUses::Use> KeyUses::take() {
  std::vector<Use> uses;
  const KeyEntry* entry = first_.exchange(nullptr, std::memory_order_acquire);
  while (entry != nullptr) {
    const KeyEntry* const next = entry->next_;
    Use& use = uses.emplace_back(std::move(entry->kept_));
    // From here on the entry is a worker's to put into the list again.
    use.second = entry->last_used_.exchange(0, std::memory_order_acq_rel);
    entry = next;
  }
  return uses;
}

// Open addressing with steps of one; at most half full.
class KeyTable::Shard {
 public:
  struct Place {
    std::size_t hash = 0;
    KeyEntryPointer entry;
  };
  using Changes = std::vector<std::pair<std::size_t, const Change*>>;  // with the hashes of their ids

  Shard() = default;
  Shard(const Shard& before, const Changes& changes, std::size_t& copied) {
    places_.resize(std::bit_ceil(2 * (before.size_ + changes.size()) + 1));
    for (const auto& [hash, change] : changes) {
      if (change->entry) put(hash, change->entry);
    }
    for (const Place& place : before.places_) {
      if (!place.entry || is_changed(place, changes)) continue;
      put(place.hash, place.entry);
      ++copied;
    }
  }

  const KeyEntry* find(std::size_t hash, std::string_view id) const {
    if (places_.empty()) return nullptr;
    for (std::size_t i = hash & mask(); places_[i].entry; i = (i + 1) & mask()) {
      if (places_[i].hash == hash && places_[i].entry->id == id) return places_[i].entry.get();
    }
    return nullptr;
  }
  std::size_t size() const { return size_; }

 private:
  std::size_t mask() const { return places_.size() - 1; }
  void put(std::size_t hash, const KeyEntryPointer& entry) {
    std::size_t i = hash & mask();
    while (places_[i].entry) i = (i + 1) & mask();
    places_[i] = {hash, entry};
    ++size_;
  }
  static bool is_changed(const Place& place, const Changes& changes) {
    return std::ranges::any_of(changes, [&](const auto& one) {
      return one.first == place.hash && one.second->id == place.entry->id;
    });
  }

  std::vector<Place> places_;
  std::size_t size_ = 0;
};

KeyTable::KeyTable() { shards_.fill(std::make_shared<const Shard>()); }

KeyTable::KeyTable(const KeyTable& before, std::span<const Change> changes) : shards_(before.shards_) {
  std::vector<std::pair<std::size_t, const Change*>> sorted;
  sorted.reserve(changes.size());
  for (const Change& change : changes) sorted.emplace_back(TextHash{}(change.id), &change);
  std::ranges::sort(sorted);  // so that those of one shard stand together
  for (auto at = sorted.begin(); at != sorted.end();) {
    const std::size_t shard = shard_of(at->first);
    const auto end =
        std::find_if(at, sorted.end(), [&](const auto& one) { return shard_of(one.first) != shard; });
    const Shard::Changes of_shard(at, end);
    shards_[shard] = std::make_shared<const Shard>(*before.shards_[shard], of_shard, copied_);
    at = end;
  }
}

const KeyEntry* KeyTable::find(std::string_view id) const {
  const std::size_t hash = TextHash{}(id);
  return shards_[shard_of(hash)]->find(hash, id);
}

std::size_t KeyTable::size() const {
  std::size_t all = 0;
  for (const auto& shard : shards_) all += shard->size();
  return all;
}

}  // namespace gatehouse::store
