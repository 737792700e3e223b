// Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371) in a table of fixed size that all
// workers share without a lock.
//
// A limit of `count` per `window` with a burst is held as one instant for each key, the theoretical arrival
// time: how far it lies ahead of now is how much of the allowance is used. A claim of cost c moves it by
// c · window / count (rounded up to the nanosecond, so that a limit is never exceeded); it may not come to
// lie further ahead than burst · window / count. In any span t no more than burst + t · count / window
// passes.
//
// The table. Buckets of one cache line with four entries of 16 bytes each, changed by a 128-bit compare and
// swap. An entry's tag is 120 bits of a keyed hash (SipHash-1-3 under a random seed) of limit and key, less
// those bits that chose the bucket: callers cannot aim at a bucket, and two keys do not meet in one entry.
// A claim reads one line; one that is refused writes nothing, so a refused flood does not invalidate
// the other workers' cache lines.
//
// Eviction. Memory is bounded, so a full bucket must lose an entry to a new one: an entry whose time has
// passed, which loses nothing, or else the entry that has used the smallest share of its allowance. The
// price of early eviction: an entry at its bound is evicted only when the three others in its bucket are at
// theirs too. A caller cannot know the other keys of a bucket. So it must bring about three quarters of all
// entries of the table to their bounds (with the default 32 MiB 1.5 million keys, with as many accepted
// requests each as their burst) in less time than the one entry needs to be full again, from as many
// distinct addresses or principals, each of which gives its owner a fresh allowance of the same size anyway.
// Keys of one request each, in any number, displace each other and leave the entries at their bounds alone.
// forgotten() counts the entries that were evicted before their time; when it grows, the table is too small.
//
// Two workers that bring the same new key at the same instant can enter it twice; the second entry is then
// not found again and expires. The error is at most one claim for each worker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/entropy.h"
#include "base/siphash.h"
#include "base/units.h"
#include "core/limits.h"

namespace gatehouse::store {

class Limiter final : public LimitStore {
 public:
  // More claims than this at once are refused, all of them.
  static constexpr std::size_t kMostClaims = kMostLimitClaims;

  // Uses the largest power of two of bytes within `memory`, at least 4 KiB.
  explicit Limiter(Entropy& entropy, ByteCount memory = mebibytes(32));
  ~Limiter() override;

  // Claims are taken in order; when one is refused, those before it are given back, and `states` says for
  // every claim how it stands without this request. A claim that costs more than the burst never passes: the
  // configuration must not contain one.
  bool take(std::span<const LimitClaim> claims, MonotonicTime now, std::span<LimitState> states) override;

  std::size_t capacity() const { return buckets_count_ * kEntries; }
  // Entries lost before their time to newcomers.
  std::uint64_t forgotten() const { return forgotten_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kEntries = 4;
  struct Entry;
  struct Bucket;
  struct Allowance;
  struct Place;
  enum class Mode : std::uint8_t { take, look };

  Place place_of(const LimitClaim& claim, const Allowance& allowance) const;
  LimitState claim(const Place& place, const Allowance& allowance, std::int64_t now, Mode mode);
  static void give_back(const Place& place, const Allowance& allowance);

  SipKey key_;
  Bucket* buckets_ = nullptr;
  std::size_t buckets_count_ = 0;
  alignas(64) std::atomic<std::uint64_t> forgotten_{0};
};

}  // namespace gatehouse::store
