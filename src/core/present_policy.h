// Reloads, as a request that waits meets them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/verdict.h"

namespace gatehouse {

// How many reloads there were. Read on any thread.
using Reloads = std::shared_ptr<const std::atomic<std::uint64_t>>;

// The policy that serves now: a reload may have replaced the one that admitted the request.
class PresentPolicy {
 public:
  virtual ~PresentPolicy() = default;
  // Of a request that has waited, before it acts: refuses what the policy of now would not admit. On the
  // loop of the request.
  virtual Verdict<void> still_admits() = 0;
  virtual Reloads reloads() const = 0;
};

// A time between two reloads, for work that waits for a thread. The work asks on that thread whether there
// was a reload; if there was, it does not begin, and its request asks the policy again on its own loop.
class ReloadMark {
 public:
  explicit ReloadMark(const PresentPolicy* present)
      : reloads_(present != nullptr ? present->reloads() : nullptr),
        seen_(reloads_ != nullptr ? reloads_->load() : 0) {}
  bool is_outdated() const { return reloads_ != nullptr && reloads_->load() != seen_; }

 private:
  Reloads reloads_;
  std::uint64_t seen_;
};

}  // namespace gatehouse
