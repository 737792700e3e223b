// A bound on what is under way at once, shared by all workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace gatehouse {

// How many requests of one operation may be under way at once, over all workers.
class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(std::uint32_t most) : most_(most) {}
  ConcurrencyLimit(const ConcurrencyLimit&) = delete;
  ConcurrencyLimit& operator=(const ConcurrencyLimit&) = delete;

  // A place among those under way, free again when the ticket is destroyed. Must not outlive its limit.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(limit_, other.limit_);
      return *this;
    }
    ~Ticket() {
      if (limit_ != nullptr) limit_->under_way_.fetch_sub(1, std::memory_order_release);
    }

   private:
    friend class ConcurrencyLimit;
    explicit Ticket(ConcurrencyLimit& limit) : limit_(&limit) {}
    ConcurrencyLimit* limit_;
  };

  std::optional<Ticket> enter() {
    std::uint32_t now = under_way_.load(std::memory_order_relaxed);
    while (now < most_) {
      if (under_way_.compare_exchange_weak(now, now + 1, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
        return Ticket(*this);
      }
    }
    return std::nullopt;
  }
  // The same for work of which nobody knows how long it goes on: it holds the limit too. Null: no place.
  static std::shared_ptr<const void> enter_shared(const std::shared_ptr<ConcurrencyLimit>& limit) {
    struct Shared {
      std::shared_ptr<ConcurrencyLimit> limit;  // outlives its ticket
      Ticket ticket;
    };
    auto ticket = limit->enter();
    if (!ticket) return nullptr;
    return std::make_shared<const Shared>(limit, *std::move(ticket));
  }
  std::uint32_t under_way() const { return under_way_.load(std::memory_order_relaxed); }

 private:
  const std::uint32_t most_;
  alignas(64) std::atomic<std::uint32_t> under_way_{0};
};

}  // namespace gatehouse
