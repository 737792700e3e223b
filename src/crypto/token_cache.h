// JWT cache: keeps the result of a verification until the token expires. Verifying again costs 18 to 100 µs;
// a lookup costs a hash of the signature and a comparison of the rest.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "crypto/hash.h"

namespace gatehouse::crypto {

// The signed part of `header.claims.signature` (RFC 7515 section 5.1): the text before the last dot, and all
// of a text without a dot.
inline std::string_view signed_part(std::string_view token) {
  // std::string_view::rfind() goes byte by byte, and a signature is long.
  const void* const dot = ::memrchr(token.data(), '.', token.size());
  return dot == nullptr
             ? token
             : token.substr(0, static_cast<std::size_t>(static_cast<const char*>(dot) - token.data()));
}

// A token's key in the cache: the text before its last dot as it is, and a keyed hash of the text after it.
// Of `header.claims.signature` only the claims are kept, which give no access. Other texts, and those with
// more than kOpen bytes of claims, are hashed as a whole. Two tokens with one key are the same token: a
// caller without the process's key cannot make another token with the same hash, nor choose a set of the
// table.
class TokenKey {
 public:
  static constexpr std::size_t kOpen = 1024;

  // `token` must outlive the key.
  explicit TokenKey(std::string_view token)
      : open_(open_part(token)), digest_(process_digest(token.substr(open_.size()))) {}
  std::string_view open() const { return open_; }
  const Digest128& digest() const { return digest_; }

 private:
  static std::string_view open_part(std::string_view token) {
    const std::string_view part = signed_part(token);
    return part.size() == token.size() || part.size() > kOpen ? std::string_view() : part;
  }

  std::string_view open_;
  Digest128 digest_;
};

// The content of all caches of one kind, over all workers: for metrics.
struct CacheMeter {
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> entries{0};
  std::atomic<std::uint64_t> evicted{0};  // that had not ended
};

// A fixed table of sets of eight, and a bound on the bytes of its content. A set evicts the entry that was
// used longest ago, and if the bytes run out the whole table does. A caller chooses the number and the size
// of tokens, but cannot make the table grow beyond its bound. Not safe to share between threads: each worker
// has its own. `generation` is KeySet::generation() of the keys that verified the token: an entry of another
// generation is gone, so a withdrawn key ends its tokens.
template <typename T>
class TokenCache {
 public:
  // At least `capacity` tokens, rounded up to a power of two of sets, of `bytes` in sum.
  TokenCache(std::size_t capacity, std::size_t bytes, std::shared_ptr<CacheMeter> meter = nullptr)
      : sets_(std::bit_ceil(std::max<std::size_t>(1, (capacity + kWays - 1) / kWays))),
        most_bytes_(bytes),
        meter_(meter ? std::move(meter) : std::make_shared<CacheMeter>()),
        slots_(sets_ * kWays) {}
  ~TokenCache() { clear(); }
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // Nothing when the token is not known, has expired, or was verified by other keys.
  std::shared_ptr<const T> find(const TokenKey& key, std::uint64_t generation, WallTime now) {
    for (Slot& slot : set_of(key)) {
      if (!slot.is(key)) continue;
      if (slot.generation != generation || now >= slot.expires) {
        drop(slot);
        return nullptr;
      }
      slot.used = ++tick_;
      slot.warm = true;
      return slot.value;
    }
    return nullptr;
  }

  // `bytes`: of the value. A value of more than a sixteenth of the cache is not kept.
  void put(const TokenKey& key, std::uint64_t generation, WallTime expires, std::shared_ptr<const T> value,
           std::size_t bytes) {
    bytes += sizeof(Slot) + key.open().size();
    if (bytes > most_bytes_ / 16) return;
    const std::span<Slot, kWays> set = set_of(key);
    Slot* chosen = set.data();
    for (Slot& slot : set) {
      if (slot.is(key)) {
        chosen = &slot;
        break;
      }
      if (age(slot, generation) < age(*chosen, generation)) chosen = &slot;
    }
    if (!chosen->is(key)) evict(*chosen);
    drop(*chosen);
    while (bytes_ + bytes > most_bytes_) sweep();
    *chosen = {std::string(key.open()), key.digest(), expires, generation, ++tick_, bytes, false,
               std::move(value)};
    bytes_ += bytes;
    meter_->bytes.fetch_add(bytes, std::memory_order_relaxed);
    meter_->entries.fetch_add(1, std::memory_order_relaxed);
  }

  void clear() {
    for (Slot& slot : slots_) drop(slot);
  }
  std::size_t capacity() const { return slots_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kWays = 8;
  struct Slot {
    std::string open;
    Digest128 digest{};
    WallTime expires;
    std::uint64_t generation = 0;
    std::uint64_t used = 0;
    std::size_t bytes = 0;
    bool warm = false;  // used since the sweep last came by
    std::shared_ptr<const T> value;

    bool is(const TokenKey& key) const { return value && digest == key.digest() && open == key.open(); }
  };

  // Empty slots and those of other keys go first, then the one used longest ago.
  static std::uint64_t age(const Slot& slot, std::uint64_t generation) {
    return slot.value && slot.generation == generation ? slot.used : 0;
  }
  std::span<Slot, kWays> set_of(const TokenKey& key) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, key.digest().data(), sizeof bits);
    return std::span<Slot, kWays>(&slots_[(bits & (sets_ - 1)) * kWays], kWays);
  }
  void drop(Slot& slot) {
    if (!slot.value) return;
    bytes_ -= slot.bytes;
    meter_->bytes.fetch_sub(slot.bytes, std::memory_order_relaxed);
    meter_->entries.fetch_sub(1, std::memory_order_relaxed);
    slot = {};
  }
  void evict(Slot& slot) {
    if (!slot.value) return;
    meter_->evicted.fetch_add(1, std::memory_order_relaxed);
    drop(slot);
  }
  // Examines the next slot: an entry that was used since the last sweep is kept once more.
  void sweep() {
    Slot& slot = slots_[hand_];
    hand_ = (hand_ + 1) % slots_.size();
    if (slot.warm) {
      slot.warm = false;
    } else {
      evict(slot);
    }
  }

  std::size_t sets_;
  std::size_t most_bytes_;
  std::shared_ptr<CacheMeter> meter_;
  std::vector<Slot> slots_;
  std::size_t bytes_ = 0;
  std::size_t hand_ = 0;
  std::uint64_t tick_ = 0;
};

}  // namespace gatehouse::crypto
