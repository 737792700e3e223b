// Bytes that all requests together may hold for one purpose, over all workers. Where there is no room the
// request is refused; nothing waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace gatehouse {

class MemoryBudget {
 public:
  void bound(std::uint64_t most) { most_.store(most, std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const {
    return refused_.load(std::memory_order_relaxed);
  }  // leases that did not grow

  // What one request holds; given back by its end. Must not outlive its budget.
  class Lease {
   public:
    Lease() = default;  // of no budget: grows without bound
    explicit Lease(MemoryBudget& budget) : budget_(&budget) {}
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), held_(std::exchange(other.held_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(held_, other.held_);
      return *this;
    }
    ~Lease() { release(); }

    // false: there is no room, and what was held is still held.
    bool grow(std::uint64_t bytes) {
      if (budget_ == nullptr) return true;
      if (!budget_->take(bytes)) return false;
      held_ += bytes;
      return true;
    }
    void release() {
      if (budget_ != nullptr && held_ > 0) budget_->used_.fetch_sub(held_, std::memory_order_relaxed);
      held_ = 0;
    }
    std::uint64_t held() const { return held_; }

   private:
    MemoryBudget* budget_ = nullptr;
    std::uint64_t held_ = 0;
  };

 private:
  bool take(std::uint64_t bytes) {
    const std::uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    const std::uint64_t most = most_.load(std::memory_order_relaxed);
    if (bytes <= most && before <= most - bytes) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  std::atomic<std::uint64_t> most_{UINT64_MAX};
  alignas(64) std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace gatehouse
