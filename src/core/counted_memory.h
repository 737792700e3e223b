// Memory that is held for one caller beside its request: copies for a thread that may go on when the request
// has gone, and answers that wait for their client. Counted in `memory.bodies` for as long as this lives.
#pragma once

#include <cstdint>
#include <memory>

#include "core/verdict.h"

namespace gatehouse {

class CallerShares;
class FinishedIdentity;
class IpAddress;

class CountedMemory {
 public:
  // The numbers of connections and of waiting places bound smaller amounts.
  static constexpr std::uint64_t kSmallest = 4096;
  CountedMemory() = default;  // of nothing
  // Memory for a request's input. The caller is a caller_name(). Without `shares` nothing is counted.
  static Verdict<CountedMemory> of_copies(const std::shared_ptr<CallerShares>* shares,
                                          const FinishedIdentity& caller, const IpAddress& address,
                                          std::uint64_t bytes);
  // Memory for a target's answer.
  static Verdict<CountedMemory> of_answer(const std::shared_ptr<CallerShares>* shares,
                                          const FinishedIdentity& caller, const IpAddress& address,
                                          std::uint64_t bytes);

 private:
  std::shared_ptr<const void> lease_;  // with the shares, which outlive it
};

}  // namespace gatehouse
