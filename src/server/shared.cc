#include "server/shared.h"

namespace gatehouse::server {

std::optional<ConnectionCounts::Ticket> ConnectionCounts::enter(const IpAddress& address, std::uint32_t most,
                                                                std::uint32_t most_per_address) {
  const IpAddress counted = address.family() == IpAddress::Family::v6 ? address.prefix(64) : address;
  const std::lock_guard lock(mutex_);
  if (open_.load(std::memory_order_relaxed) >= most) return std::nullopt;
  std::uint32_t& here = by_address_[counted];
  if (here >= most_per_address) return std::nullopt;
  ++here;
  open_.fetch_add(1, std::memory_order_relaxed);
  return Ticket(*this, counted);
}

void ConnectionCounts::leave(const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  open_.fetch_sub(1, std::memory_order_relaxed);
  const auto here = by_address_.find(address);
  if (--here->second == 0) by_address_.erase(here);
}

}  // namespace gatehouse::server
