#include "base/ip.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Ip, AMappedAddressIsTheIpv4AddressItMeans) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.1.2.3"), IpAddress::parse("10.1.2.3"));
  EXPECT_TRUE(IpNetwork::parse("10.0.0.0/8")->contains(*IpAddress::parse("::ffff:10.1.2.3")));
}

TEST(Ip, OnlyExactTextsParse) {
  for (const char* text :
       {"", "1.2.3", "01.2.3.4", "1.2.3.4 ", "[::1]", "::1%eth0", "1.2.3.4:80", "0x1.2.3.4"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_EQ(IpAddress::parse("2001:DB8:0::1")->text(), "2001:db8::1");
}

TEST(Ip, PrefixesClearTheBitsAfterThem) {
  EXPECT_EQ(IpAddress::parse("2001:db8:1:2:3:4:5:6")->prefix(64).text(), "2001:db8:1:2::");
  EXPECT_EQ(IpAddress::parse("10.255.3.4")->prefix(9).text(), "10.128.0.0");
}

TEST(Ip, ANetworkWithHostBitsOrABadPrefixIsRefused) {
  for (const char* text :
       {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "::/129", "10.0.0.0/-1"}) {
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  }
  EXPECT_FALSE(IpNetwork::parse("0.0.0.0/0")->contains(*IpAddress::parse("::1")));
}

}  // namespace
}  // namespace gatehouse
