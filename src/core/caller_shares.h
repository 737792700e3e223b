// The amount of a resource that each caller holds (connections of an upstream, the memory of bodies, the
// places of an operation's `concurrency`), so that no caller holds all of it.
//
// A caller gets more while it then holds no more than is left for the others, and one: alone it can take
// half, two take a third each, and there is always some left for a caller without any (dynamic thresholds:
// Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches"). There is no
// setting, absent callers reserve nothing, and nothing waits.
//
// Counted in a fixed table by a keyed hash: nothing is allocated, and no caller can choose the callers that
// share a counter with it. Callers that share a counter in one table rarely share one in another.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>

#include "core/verdict.h"

namespace gatehouse {

class FinishedIdentity;
class IpAddress;
struct Identity;

// The name of one caller, where callers share turns or threads: a proven principal by its id, which is the
// same with each of its credentials, others by address (IPv6 by /64).
std::string caller_name(const Identity& caller, const IpAddress& address);
// Of a proven caller's name, by a key of this process; of `anonymous` it says nothing.
std::uint64_t caller_hash(const Identity& caller);

// Thread-safe, without a lock.
class CallerShares {
 public:
  // `most` of it in all: connections, bytes.
  explicit CallerShares(std::uint64_t most = UINT64_MAX);
  CallerShares(const CallerShares&) = delete;
  CallerShares& operator=(const CallerShares&) = delete;
  void bound(std::uint64_t most) { most_.store(most, std::memory_order_relaxed); }

  enum class Exhausted : std::uint8_t {
    all,    // there is not so much left
    share,  // there is, but this caller holds its share
  };

  // One caller's amount for one request; given back when it is destroyed. Must not outlive the shares.
  class Lease {
   public:
    Lease() = default;  // of nothing: grows without bound
    Lease(Lease&& other) noexcept
        : shares_(std::exchange(other.shares_, nullptr)),
          slot_(other.slot_),
          held_(std::exchange(other.held_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(shares_, other.shares_);
      std::swap(slot_, other.slot_);
      std::swap(held_, other.held_);
      return *this;
    }
    ~Lease() { release(); }

    // On failure the amount is unchanged.
    std::expected<void, Exhausted> grow(std::uint64_t amount) {
      if (shares_ == nullptr) return {};
      if (auto taken = shares_->take(slot_, amount); !taken) return taken;
      held_ += amount;
      return {};
    }
    void release() {
      if (shares_ != nullptr && held_ > 0) shares_->give_back(slot_, held_);
      held_ = 0;
    }
    std::uint64_t held() const { return held_; }

   private:
    friend class CallerShares;
    Lease(CallerShares& shares, std::size_t slot) : shares_(&shares), slot_(slot) {}
    CallerShares* shares_ = nullptr;
    std::size_t slot_ = 0;
    std::uint64_t held_ = 0;
  };
  // Holds nothing yet. The caller as caller_name() has it.
  Lease lease(const FinishedIdentity& caller, const IpAddress& address) {
    return {*this, slot_of(caller, address)};
  }
  // One of it.
  std::expected<Lease, Exhausted> take_one(const FinishedIdentity& caller, const IpAddress& address);
  // The lease's amount, for work of unknown length: it keeps the shares alive too.
  static std::expected<std::shared_ptr<const void>, Exhausted> take_shared(
      const std::shared_ptr<CallerShares>& shares, const FinishedIdentity& caller, const IpAddress& address,
      std::uint64_t amount);

  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const {
    return refused_.load(std::memory_order_relaxed);
  }  // leases that did not grow

 private:
  static constexpr unsigned kSlotBits = 12;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  std::size_t slot_of(const FinishedIdentity& caller, const IpAddress& address) const;
  std::expected<void, Exhausted> take(std::size_t slot, std::uint64_t amount);
  void give_back(std::size_t slot, std::uint64_t amount) {
    held_[slot].fetch_sub(amount, std::memory_order_relaxed);
    used_.fetch_sub(amount, std::memory_order_relaxed);
  }

  const std::uint64_t multiplier_;  // random and odd: which hashes share a slot in this table
  std::atomic<std::uint64_t> most_;
  alignas(64) std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::array<std::atomic<std::uint64_t>, kSlots> held_{};
};

// The refusal for a caller whose body finds no room in `memory.bodies`, or no turn for a long check.
std::unexpected<Refusal> out_of_memory(CallerShares::Exhausted exhausted);

}  // namespace gatehouse
