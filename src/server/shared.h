// The data that the workers of one server share: immutable, atomic, or guarded by its own lock off the
// request path.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/ip.h"
#include "core/caller_shares.h"
#include "core/limits.h"
#include "net/tls.h"

namespace gatehouse {
class InstructionBoard;
}

namespace gatehouse::server {

// How many connections are open, in all and from each address. Taken at connect and given back at close;
// never on a request's path. Behind a proxy the address is known later than the connection is open.
class ConnectionCounts {
 public:
  class Ticket {
   public:
    explicit Ticket(ConnectionCounts& counts) : counts_(&counts) {}
    Ticket(Ticket&& other) noexcept
        : counts_(std::exchange(other.counts_, nullptr)), address_(other.address_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(counts_, other.counts_);
      std::swap(address_, other.address_);
      return *this;
    }
    ~Ticket() {
      if (counts_ != nullptr) counts_->leave(address_);
    }
    // Counts the connection under this address too, once; false: the address has as many already. IPv6
    // addresses count by /64.
    bool count(const IpAddress& address, std::uint32_t most_per_address);

   private:
    ConnectionCounts* counts_;
    std::optional<IpAddress> address_;
  };

  // Nothing when there are as many already.
  std::optional<Ticket> enter(std::uint32_t most);
  std::uint32_t open() const { return open_.load(std::memory_order_relaxed); }

 private:
  void leave(const std::optional<IpAddress>& address);

  std::atomic<std::uint32_t> open_{0};
  std::mutex mutex_;
  std::map<IpAddress, std::uint32_t> by_address_;
};

// Requests for `listen.health`, over all workers: there are many of them, and all say the same.
class HealthRequests {
 public:
  // Counts one. Once a minute it says how many there were since it last did.
  std::optional<std::uint64_t> count(MonotonicTime now);

 private:
  std::atomic<std::int64_t> quiet_until_{std::numeric_limits<std::int64_t>::min()};  // nanoseconds
  std::atomic<std::uint64_t> since_{0};
};

// Requests by how they ended, counted by one worker and read by others.
struct Counters {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> requests{0};
};

enum class State : std::uint8_t { starting, serving, draining };

struct Shared {
  const Clock& clock;
  LimitStore& limits;
  ConnectionCounts connections;  // of clients
  ConnectionCounts admin_connections;
  // Bytes, of all requests that are under way and all answers that are held for their clients.
  std::shared_ptr<CallerShares> bodies = std::make_shared<CallerShares>();
  std::atomic<State> state{State::starting};
  HealthRequests health{};
  // Of operators, by command; null: there are none.
  std::shared_ptr<const InstructionBoard> instructions = {};
  // Why the server cannot do its work, besides `state`, in a few words for health checks; empty: it can.
  std::function<std::string_view()> trouble = {};
  std::string_view troubled_by() const { return trouble ? trouble() : std::string_view(); }
};

}  // namespace gatehouse::server
