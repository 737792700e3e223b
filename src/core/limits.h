// The port to the rate limiter (GCRA over a bounded table; store/limiter.h is the one in memory).
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/units.h"

namespace gatehouse {

// Limits of one phase that an operation may have.
inline constexpr std::size_t kMostLimits = 16;
// Claims that one request may make at once: on each limit, one for each of sixteen credentials.
inline constexpr std::size_t kMostLimitClaims = kMostLimits * 16;

// A limit: fixed when the policy was compiled. `id` distinguishes limits inside the store. It is made of the
// limit's name and rule, so a reload that leaves a limit unchanged keeps its allowances.
struct LimitRule {
  std::uint64_t id = 0;
  Rate rate;
  std::uint64_t burst = 0;  // requests that may come at once; at least 1
};

// One request's claim on one limit.
struct LimitClaim {
  const LimitRule* rule = nullptr;
  std::string_view key;  // the key of the allowance: address prefix, principal id, …
  std::uint32_t cost = 1;
};

struct LimitState {
  bool allowed = false;
  std::uint64_t remaining = 0;             // requests of cost 1 that would still pass now
  std::chrono::nanoseconds reset{};        // until the allowance is whole again
  std::chrono::nanoseconds retry_after{};  // refused: until this claim could pass
};

class LimitStore {
 public:
  virtual ~LimitStore() = default;
  // Takes every claim, or none: a refused request costs nothing in the limits before it. `states` has one
  // entry for each claim. Returns whether all were allowed. Called on every worker at once.
  virtual bool take(std::span<const LimitClaim> claims, MonotonicTime now, std::span<LimitState> states) = 0;
};

}  // namespace gatehouse
