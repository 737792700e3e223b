// Changes of the policy, as a request that waits meets them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/instructions.h"
#include "core/verdict.h"

namespace gatehouse {

// Counts what may change the verdict about a request: reloads, and operators' instructions. Read on any
// thread.
class PolicyChanges {
 public:
  explicit PolicyChanges(std::shared_ptr<const InstructionBoard> board) : board_(std::move(board)) {}
  void add_reload() { reloads_.fetch_add(1); }
  std::uint64_t count() const { return reloads_.load() + (board_ != nullptr ? board_->generation() : 0); }

 private:
  const std::shared_ptr<const InstructionBoard> board_;
  std::atomic<std::uint64_t> reloads_{0};
};

// The policy that serves now: a reload may have replaced the one that admitted the request.
class PresentPolicy {
 public:
  virtual ~PresentPolicy() = default;
  // Of a request that has waited, before it acts: refuses what the policy of now would not admit. On the
  // loop of the request.
  virtual Verdict<void> still_admits() = 0;
  virtual std::shared_ptr<const PolicyChanges> changes() const = 0;
};

// A time between two changes, for work that waits for a thread. The work asks on that thread whether there
// was a change; if there was, it does not begin, and its request asks the policy again on its own loop.
class PolicyMark {
 public:
  // `present` may be null.
  explicit PolicyMark(const PresentPolicy* present)
      : changes_(present != nullptr ? present->changes() : nullptr),
        seen_(changes_ != nullptr ? changes_->count() : 0) {}
  bool is_outdated() const { return changes_ != nullptr && changes_->count() != seen_; }

 private:
  std::shared_ptr<const PolicyChanges> changes_;
  std::uint64_t seen_;
};

}  // namespace gatehouse
