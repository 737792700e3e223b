#include "base/address_set.h"

#include <algorithm>

namespace gatehouse {

AddressSet::AddressSet(const std::vector<IpNetwork>& networks) {
  for (const IpNetwork& network : networks) by_prefix_[network.bits()].push_back(network.address());
  for (auto& [bits, addresses] : by_prefix_) std::ranges::sort(addresses);
}

bool AddressSet::contains(const IpAddress& address) const {
  return std::ranges::any_of(by_prefix_, [&](const auto& one) {
    const auto& [bits, addresses] = one;
    const unsigned longest = address.family() == IpAddress::Family::v4 ? 32 : 128;
    return bits <= longest && std::ranges::binary_search(addresses, address.prefix(bits));
  });
}

}  // namespace gatehouse
