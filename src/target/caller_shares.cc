#include "target/caller_shares.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "base/entropy.h"

namespace gatehouse::target {
namespace {

SipKey fresh_key() {
  SipKey key;
  SystemEntropy().fill({reinterpret_cast<std::uint8_t*>(&key), sizeof key});
  return key;
}

}  // namespace

CallerShares::CallerShares(std::size_t most) : most_(most), key_(fresh_key()) {}

std::size_t CallerShares::slot_of(const Identity& caller, const IpAddress& address) const {
  TableHash hash(key_);
  if (caller.kind == PrincipalKind::anonymous) {
    const IpAddress shared = address.family() == IpAddress::Family::v6 ? address.prefix(64) : address;
    hash.add(~std::uint64_t{0} -
             static_cast<std::uint64_t>(shared.family()));  // longer than any scheme's name
    const auto& bytes = shared.bytes();
    return hash.finish({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).low % kSlots;
  }
  // The scheme's length before it: scheme "a" with id "bc" is not scheme "ab" with id "c".
  std::string_view scheme = caller.scheme;
  hash.add(scheme.size());
  while (!scheme.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min<std::size_t>(scheme.size(), sizeof word);
    std::memcpy(&word, scheme.data(), size);
    hash.add(word);
    scheme.remove_prefix(size);
  }
  return hash.finish(caller.id).low % kSlots;
}

std::expected<CallerShares::Ticket, CallerShares::Lack> CallerShares::take(const Identity& caller,
                                                                           const IpAddress& address) {
  if (in_use_ >= most_) return std::unexpected(Lack::all);
  const std::size_t slot = slot_of(caller, address);
  if (counts_[slot] >= most_ - in_use_) return std::unexpected(Lack::share);
  ++counts_[slot];
  ++in_use_;
  return Ticket(*this, slot);
}

}  // namespace gatehouse::target
