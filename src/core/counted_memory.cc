#include "core/counted_memory.h"

#include <utility>

#include "core/caller_shares.h"

namespace gatehouse {

namespace {

using Taken = std::expected<std::shared_ptr<const void>, CallerShares::Exhausted>;

Taken take(const std::shared_ptr<CallerShares>* shares, const FinishedIdentity& caller,
           const IpAddress& address, std::uint64_t bytes) {
  if (shares == nullptr || *shares == nullptr || bytes <= CountedMemory::kSmallest) return nullptr;
  return CallerShares::take_shared(*shares, caller, address, bytes);
}

}  // namespace

Verdict<CountedMemory> CountedMemory::of_copies(const std::shared_ptr<CallerShares>* shares,
                                                const FinishedIdentity& caller, const IpAddress& address,
                                                std::uint64_t bytes) {
  auto taken = take(shares, caller, address, bytes);
  if (!taken) return out_of_memory(taken.error());
  CountedMemory memory;
  memory.lease_ = *std::move(taken);
  return memory;
}

Verdict<CountedMemory> CountedMemory::of_answer(const std::shared_ptr<CallerShares>* shares,
                                                const FinishedIdentity& caller, const IpAddress& address,
                                                std::uint64_t bytes) {
  auto taken = take(shares, caller, address, bytes);
  if (!taken) {
    Refusal refusal(Reason::answers_overloaded);
    refusal.retry_after = std::chrono::seconds(1);
    return std::unexpected(refusal);
  }
  CountedMemory memory;
  memory.lease_ = *std::move(taken);
  return memory;
}

}  // namespace gatehouse
