#include "base/address_set.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

AddressSet set_of(const std::vector<std::string_view>& texts) {
  std::vector<IpNetwork> networks;
  for (const std::string_view text : texts) networks.push_back(*IpNetwork::parse(text));
  return AddressSet(networks);
}
bool holds(const AddressSet& set, std::string_view address) {
  return set.contains(*IpAddress::parse(address));
}

TEST(AddressSet, HoldsWhatItsNetworksHold) {
  const AddressSet set = set_of({"10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "192.0.2.64/26"});
  for (const char* address :
       {"10.0.0.0", "10.255.255.255", "192.0.2.7", "192.0.2.127", "2001:db8:ffff::1", "::ffff:10.1.2.3"})
    EXPECT_TRUE(holds(set, address)) << address;
  for (const char* address :
       {"11.0.0.0", "9.255.255.255", "192.0.2.8", "192.0.2.128", "2001:db9::", "::1", "::a00:1", "a00::"})
    EXPECT_FALSE(holds(set, address)) << address;
}

TEST(AddressSet, OfOneFamilySaysNothingOfTheOther) {
  EXPECT_FALSE(holds(set_of({"0.0.0.0/0"}), "::1"));
  EXPECT_FALSE(holds(set_of({"::/0"}), "192.0.2.1"));
  EXPECT_TRUE(holds(set_of({"0.0.0.0/0"}), "192.0.2.1"));
  EXPECT_FALSE(holds(set_of({"8000::/1"}), "128.0.0.1"));
}

TEST(AddressSet, OfNothingHoldsNothing) {
  EXPECT_TRUE(AddressSet().empty());
  EXPECT_FALSE(holds(AddressSet(), "127.0.0.1"));
}

}  // namespace
}  // namespace gatehouse
