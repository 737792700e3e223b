// How many of an upstream's connections each caller has in use, so that no caller can take them all.
//
// A caller gets another connection while it has fewer in use than are free: alone it can take half of them,
// two take a third each, and there is always one left for a caller that has none (dynamic thresholds:
// Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches"). Nothing is to be
// configured, and no share is left unused for a caller who does not come.
//
// Counted in a fixed table by a keyed hash: nothing is allocated, and no caller can choose whom it shares a
// counter with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "base/ip.h"
#include "base/siphash.h"
#include "core/identity.h"

namespace gatehouse::target {

class CallerShares {
 public:
  // `most`: connections in all. Not thread-safe: one for each worker and upstream.
  explicit CallerShares(std::size_t most);
  CallerShares(const CallerShares&) = delete;
  CallerShares& operator=(const CallerShares&) = delete;

  // One connection in use by one caller, given back when the ticket is destroyed. Must not outlive the
  // shares.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept : shares_(std::exchange(other.shares_, nullptr)), slot_(other.slot_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(shares_, other.shares_);
      std::swap(slot_, other.slot_);
      return *this;
    }
    ~Ticket() {
      if (shares_ != nullptr) shares_->leave(slot_);
    }

   private:
    friend class CallerShares;
    Ticket(CallerShares& shares, std::size_t slot) : shares_(&shares), slot_(slot) {}
    CallerShares* shares_;
    std::size_t slot_;
  };

  enum class Lack : std::uint8_t {
    all,    // every connection is in use
    share,  // this caller has its share in use
  };
  // For a proven principal by scheme and id, for others by address (IPv6 by /64).
  std::expected<Ticket, Lack> take(const Identity& caller, const IpAddress& address);

  std::size_t in_use() const { return in_use_; }

 private:
  static constexpr std::size_t kSlots = 4096;
  std::size_t slot_of(const Identity& caller, const IpAddress& address) const;
  void leave(std::size_t slot) {
    --counts_[slot];
    --in_use_;
  }

  const std::size_t most_;
  const SipKey key_;
  std::size_t in_use_ = 0;
  std::array<std::uint32_t, kSlots> counts_{};
};

}  // namespace gatehouse::target
