#include "store/limiter.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

#include <sys/mman.h>

namespace gatehouse::store {

namespace {

// Far behind every instant that matters, and far enough from the end of the type that sums stay inside it.
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max() / 4;

std::int64_t times(std::int64_t interval, std::uint64_t count) {
  std::int64_t product = 0;
  if (count > static_cast<std::uint64_t>(kForever) ||
      __builtin_mul_overflow(interval, static_cast<std::int64_t>(count), &product)) {
    return kForever;
  }
  return std::min(product, kForever);
}

// 4 · log2, rounded down: to a quarter of a doubling, which is all that ranking entries needs.
std::int64_t quarter_log2(std::int64_t value) {
  if (value <= 0) return 0;
  const auto bits = static_cast<std::uint64_t>(value);
  const int top = std::bit_width(bits) - 1;
  const std::uint64_t next_two =
      top >= 2 ? bits >> static_cast<unsigned>(top - 2) : bits << static_cast<unsigned>(2 - top);
  return 4 * top + static_cast<std::int64_t>(next_two & 3U);
}

// Two 64-bit words that are compared and exchanged as one.
__extension__ typedef unsigned __int128 Both __attribute__((may_alias));

__attribute__((target("cx16"))) bool exchange(void* at, std::uint64_t tag, std::int64_t time,
                                              std::uint64_t new_tag, std::int64_t new_time) {
  const auto both = [](std::uint64_t low, std::int64_t high) {
    return static_cast<Both>(low) | (static_cast<Both>(static_cast<std::uint64_t>(high)) << 64U);
  };
  return __sync_bool_compare_and_swap(static_cast<Both*>(at), both(tag, time), both(new_tag, new_time));
}

}  // namespace

// An empty entry is all zero: its time has passed.
struct alignas(16) Limiter::Entry {
  std::uint64_t tag;
  std::int64_t time;  // theoretical arrival, nanoseconds of the monotonic clock

  std::uint64_t load_tag() const { return __atomic_load_n(&tag, __ATOMIC_ACQUIRE); }
  std::int64_t load_time() const { return __atomic_load_n(&time, __ATOMIC_ACQUIRE); }
};

struct alignas(64) Limiter::Bucket {
  std::array<Entry, kEntries> entries;
};

struct Limiter::Allowance {
  std::int64_t interval;  // used by a request of cost 1
  std::int64_t whole;     // interval · burst
  std::int64_t used;      // interval · cost, by this claim

  static Allowance of(const LimitClaim& claim) {
    const LimitRule& rule = *claim.rule;
    const auto count = static_cast<std::int64_t>(std::min<std::uint64_t>(rule.rate.count, kForever));
    // A rate of nothing lets nothing pass.
    const std::int64_t interval =
        count == 0 ? kForever : std::max<std::int64_t>(1, (rule.rate.window.count() + count - 1) / count);
    return {interval, count == 0 ? 0 : times(interval, rule.burst), times(interval, claim.cost)};
  }
};

struct Limiter::Place {
  Bucket* bucket;
  std::uint64_t tag;  // the hash's upper 56 bits, and below them the size of the allowance, for ranking
};

Limiter::Limiter(Entropy& entropy, ByteCount memory) {
  std::array<std::uint8_t, 16> seed{};
  entropy.fill(seed);
  std::memcpy(&key_, seed.data(), sizeof key_);
  const std::uint64_t bytes = std::bit_floor(std::max<std::uint64_t>(memory.bytes, 4096));
  buckets_count_ = static_cast<std::size_t>(bytes / sizeof(Bucket));
  // Pages are zero and cost nothing before they are used.
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  ::madvise(pages, bytes, MADV_HUGEPAGE);
  buckets_ = static_cast<Bucket*>(pages);
}

Limiter::~Limiter() { ::munmap(buckets_, buckets_count_ * sizeof(Bucket)); }

Limiter::Place Limiter::place_of(const LimitClaim& claim, const Allowance& allowance) const {
  TableHash hash(key_);
  hash.add(claim.rule->id);
  const Hash128 bits = hash.finish(claim.key);
  const auto size = static_cast<std::uint64_t>(quarter_log2(allowance.whole)) & 0xffU;
  Bucket* bucket = &buckets_[bits.low & (buckets_count_ - 1)];
  __builtin_prefetch(bucket, 1);
  return {bucket, (bits.high & ~std::uint64_t{0xff}) | std::max<std::uint64_t>(size, 1)};
}

LimitState Limiter::claim(const Place& place, const Allowance& allowance, std::int64_t now, Mode mode) {
  const auto state = [&](bool allowed, std::int64_t time) {
    const std::int64_t used = std::max<std::int64_t>(time - now, 0);
    LimitState result;
    result.allowed = allowed;
    result.remaining = used >= allowance.whole
                           ? 0
                           : static_cast<std::uint64_t>((allowance.whole - used) / allowance.interval);
    result.reset = std::chrono::nanoseconds{used};
    if (!allowed)
      result.retry_after =
          std::chrono::nanoseconds{std::max<std::int64_t>(used + allowance.used - allowance.whole, 0)};
    return result;
  };

  for (;;) {
    Entry* found = nullptr;  // the key's own entry, or the one that it would replace
    std::uint64_t tag = 0;
    std::int64_t time = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (Entry& entry : place.bucket->entries) {
      const std::uint64_t entry_tag = entry.load_tag();
      const std::int64_t entry_time = entry.load_time();
      // The share of its allowance that an entry has used, as a logarithm; less than any when its time is
      // past.
      const std::int64_t rank =
          entry_tag == place.tag ? std::numeric_limits<std::int64_t>::min()
          : entry_time <= now    ? std::numeric_limits<std::int64_t>::min() + 1
                              : quarter_log2(entry_time - now) - static_cast<std::int64_t>(entry_tag & 0xffU);
      if (found == nullptr || rank < least) {
        found = &entry;
        tag = entry_tag;
        time = entry_time;
        least = rank;
      }
      if (entry_tag == place.tag) break;
    }
    const bool own = tag == place.tag;
    const std::int64_t before = own ? std::max(time, now) : now;
    const bool allowed = before - now + allowance.used <= allowance.whole;
    if (!allowed || mode == Mode::look) {
      if (found->load_tag() != tag) continue;  // time and tag were of two keys
      return state(allowed, before);
    }
    const std::int64_t after = before + allowance.used;
    if (!exchange(found, tag, time, place.tag, after)) continue;
    if (!own && time > now) forgotten_.fetch_add(1, std::memory_order_relaxed);
    return state(true, after);
  }
}

void Limiter::give_back(const Place& place, const Allowance& allowance) {
  for (Entry& entry : place.bucket->entries) {
    while (entry.load_tag() == place.tag) {
      const std::int64_t time = entry.load_time();
      if (exchange(&entry, place.tag, time, place.tag, time - allowance.used)) return;
    }
  }
}

bool Limiter::take(std::span<const LimitClaim> claims, MonotonicTime now, std::span<LimitState> states) {
  const std::int64_t instant = now.time_since_epoch().count();
  if (claims.size() > kMostClaims || states.size() < claims.size()) {
    std::ranges::fill(states, LimitState{});
    return false;
  }
  // All lines are on their way from memory before the first is looked at.
  struct Prepared {
    Place place;
    Allowance allowance;
  };
  std::array<Prepared, kMostClaims> prepared;  // as many as there are claims; the others are not even made
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Allowance allowance = Allowance::of(claims[i]);
    prepared[i] = Prepared{place_of(claims[i], allowance), allowance};
  }
  std::size_t taken = 0;
  while (taken < claims.size()) {
    states[taken] = claim(prepared[taken].place, prepared[taken].allowance, instant, Mode::take);
    if (!states[taken].allowed) break;
    ++taken;
  }
  if (taken == claims.size()) return true;
  for (std::size_t i = 0; i < taken; ++i) give_back(prepared[i].place, prepared[i].allowance);
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (i != taken) states[i] = claim(prepared[i].place, prepared[i].allowance, instant, Mode::look);
  }
  return false;
}

}  // namespace gatehouse::store
