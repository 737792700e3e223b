#include "server/shared.h"

namespace gatehouse::server {

std::optional<ConnectionCounts::Ticket> ConnectionCounts::enter(std::uint32_t most) {
  std::uint32_t now = open_.load(std::memory_order_relaxed);
  while (now < most) {
    if (open_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return Ticket(*this);
  }
  return std::nullopt;
}

bool ConnectionCounts::Ticket::count(const IpAddress& address, std::uint32_t most_per_address) {
  const IpAddress counted = address.family() == IpAddress::Family::v6 ? address.prefix(64) : address;
  const std::lock_guard lock(counts_->mutex_);
  std::uint32_t& here = counts_->by_address_[counted];
  if (here >= most_per_address) return false;
  ++here;
  address_ = counted;
  return true;
}

void ConnectionCounts::leave(const std::optional<IpAddress>& address) {
  open_.fetch_sub(1, std::memory_order_relaxed);
  if (!address) return;
  const std::lock_guard lock(mutex_);
  const auto here = by_address_.find(*address);
  if (--here->second == 0) by_address_.erase(here);
}

std::optional<std::uint64_t> HealthRequests::count(MonotonicTime now) {
  constexpr std::int64_t kMinute = std::chrono::nanoseconds(std::chrono::minutes(1)).count();
  since_.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t at = std::chrono::nanoseconds(now.time_since_epoch()).count();
  std::int64_t quiet_until = quiet_until_.load(std::memory_order_relaxed);
  if (at < quiet_until ||
      !quiet_until_.compare_exchange_strong(quiet_until, at + kMinute, std::memory_order_relaxed))
    return std::nullopt;
  return since_.exchange(0, std::memory_order_relaxed);
}

}  // namespace gatehouse::server
