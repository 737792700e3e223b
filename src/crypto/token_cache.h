// Remembers what a verified token stands for, until the token expires: verifying again costs 18 to 100 µs,
// looking it up the SHA-256 of its signature and a comparison of the rest.
#pragma once

#include <algorithm>
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

// A token's name in the cache: what stands before its last dot as it is, and the SHA-256 of what follows. Of
// `header.claims.signature` no more is kept than the claims, which give nobody access; other texts, and those
// with more than kOpen bytes of claims, are hashed as a whole. Two tokens with one name are the same token.
class TokenKey {
 public:
  static constexpr std::size_t kOpen = 1024;

  // `token` must outlive the key.
  explicit TokenKey(std::string_view token)
      : open_(open_part(token)), digest_(sha256(token.substr(open_.size()))) {}
  std::string_view open() const { return open_; }
  const Digest256& digest() const { return digest_; }

 private:
  static std::string_view open_part(std::string_view token) {
    const std::size_t dot = token.rfind('.');
    return dot == std::string_view::npos || dot > kOpen ? std::string_view() : token.substr(0, dot);
  }

  std::string_view open_;
  Digest256 digest_;
};

// A fixed table of sets of eight: memory is bounded, and a set evicts what was used longest ago.
// Not safe to share between threads: each worker has its own. `generation` is KeySet::generation() of the
// keys that verified the token: an entry of another generation is gone, so that a withdrawn key ends its
// tokens.
template <typename T>
class TokenCache {
 public:
  // At least `capacity` tokens, rounded up to a power of two of sets.
  explicit TokenCache(std::size_t capacity)
      : sets_(std::bit_ceil(std::max<std::size_t>(1, (capacity + kWays - 1) / kWays))),
        slots_(sets_ * kWays) {}

  // Nothing when the token is not known, has expired, or was verified by other keys.
  std::shared_ptr<const T> find(const TokenKey& key, std::uint64_t generation, WallTime now) {
    for (Slot& slot : set_of(key)) {
      if (!slot.is(key)) continue;
      if (slot.generation != generation || now >= slot.expires) {
        slot.value.reset();
        return nullptr;
      }
      slot.used = ++tick_;
      return slot.value;
    }
    return nullptr;
  }

  void put(const TokenKey& key, std::uint64_t generation, WallTime expires, std::shared_ptr<const T> value) {
    const std::span<Slot, kWays> set = set_of(key);
    Slot* chosen = set.data();
    for (Slot& slot : set) {
      if (slot.is(key)) {
        chosen = &slot;
        break;
      }
      if (age(slot, generation) < age(*chosen, generation)) chosen = &slot;
    }
    *chosen = {std::string(key.open()), key.digest(), expires, generation, ++tick_, std::move(value)};
  }

  void clear() { std::fill(slots_.begin(), slots_.end(), Slot{}); }
  std::size_t capacity() const { return slots_.size(); }

 private:
  static constexpr std::size_t kWays = 8;
  struct Slot {
    std::string open;
    Digest256 digest{};
    WallTime expires;
    std::uint64_t generation = 0;
    std::uint64_t used = 0;
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

  std::size_t sets_;
  std::vector<Slot> slots_;
  std::uint64_t tick_ = 0;
};

}  // namespace gatehouse::crypto
