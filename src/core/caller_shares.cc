#include "core/caller_shares.h"

#include <algorithm>
#include <string_view>

#include "base/entropy.h"
#include "base/ip.h"
#include "base/siphash.h"
#include "core/identity.h"

namespace gatehouse {
namespace {

template <typename Number>
Number random() {
  Number number;
  SystemEntropy().fill({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
  return number;
}

const SipKey& process_key() {
  static const SipKey key = random<SipKey>();
  return key;
}

// A network of IPv6 gives its holder more addresses than can be counted.
IpAddress shared_address(const IpAddress& address) {
  return address.family() == IpAddress::Family::v6 ? address.prefix(64) : address;
}

std::uint64_t hash_of(const IpAddress& address) {
  const IpAddress shared = shared_address(address);
  TableHash hash(process_key());
  hash.add(~std::uint64_t{0} - static_cast<std::uint64_t>(shared.family()));  // a principal has no such word
  const auto& bytes = shared.bytes();
  return hash.finish({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).low;
}

}  // namespace

std::string caller_name(const Identity& caller, const IpAddress& address) {
  if (caller.kind == PrincipalKind::anonymous) return shared_address(address).text();
  return '\n' + caller.id;  // no address begins so
}

std::uint64_t caller_hash(const Identity& caller) {
  TableHash hash(process_key());
  return hash.finish(caller.id).low;
}

CallerShares::CallerShares(std::uint64_t most) : multiplier_(random<std::uint64_t>() | 1U), most_(most) {}

std::size_t CallerShares::slot_of(const FinishedIdentity& caller, const IpAddress& address) const {
  const std::uint64_t hash = caller.kind == PrincipalKind::anonymous ? hash_of(address) : caller.hash();
  return (hash * multiplier_) >> (64 - kSlotBits);
}

std::expected<CallerShares::Lease, CallerShares::Exhausted> CallerShares::take_one(
    const FinishedIdentity& caller, const IpAddress& address) {
  Lease one = lease(caller, address);
  if (auto grown = one.grow(1); !grown) return std::unexpected(grown.error());
  return one;
}

std::expected<std::shared_ptr<const void>, CallerShares::Exhausted> CallerShares::take_shared(
    const std::shared_ptr<CallerShares>& shares, const FinishedIdentity& caller, const IpAddress& address,
    std::uint64_t amount) {
  struct Shared {
    std::shared_ptr<CallerShares> shares;  // outlive their lease
    Lease lease;
  };
  Lease some = shares->lease(caller, address);
  if (auto grown = some.grow(amount); !grown) return std::unexpected(grown.error());
  return std::make_shared<const Shared>(shares, std::move(some));
}

std::unexpected<Refusal> out_of_memory(CallerShares::Exhausted exhausted) {
  Refusal refusal(exhausted == CallerShares::Exhausted::share ? Reason::body_share
                                                              : Reason::bodies_overloaded);
  refusal.retry_after = std::chrono::seconds(1);
  return std::unexpected(refusal);
}

// Threads that take at once may refuse one of them although there is room a moment later; together they never
// hold more than `most_`.
std::expected<void, CallerShares::Exhausted> CallerShares::take(std::size_t slot, std::uint64_t amount) {
  const auto refuse = [&](Exhausted exhausted) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return std::unexpected(exhausted);
  };
  const std::uint64_t most = most_.load(std::memory_order_relaxed);
  if (amount > most) return refuse(Exhausted::all);
  const std::uint64_t before = used_.fetch_add(amount, std::memory_order_relaxed);
  if (before > most - amount) {
    used_.fetch_sub(amount, std::memory_order_relaxed);
    return refuse(Exhausted::all);
  }
  const std::uint64_t left = most - amount - before;
  const std::uint64_t held = held_[slot].fetch_add(amount, std::memory_order_relaxed) + amount;
  if (held > 0 && held - 1 > left) {
    give_back(slot, amount);
    return refuse(Exhausted::share);
  }
  return {};
}

}  // namespace gatehouse
