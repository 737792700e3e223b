#include "http/forwarded.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

// The client's address, or "refused"; trusted are 10.0.0.0/8 and fd00::/8.
std::string client(std::string_view peer, const std::vector<std::string>& lines) {
  std::string text;
  Fields fields;
  for (const auto& line : lines) text += "X-Forwarded-For" + line;
  fields.set_base(text.data());
  std::size_t at = 0;
  for (const auto& line : lines) {
    fields.add(FieldId::x_forwarded_for, at, 15, at + 15, line.size());
    at += 15 + line.size();
  }
  const std::vector<IpNetwork> trusted = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("fd00::/8")};
  const auto address = client_address(*IpAddress::parse(peer), fields, trusted);
  return address ? address->text() : "refused";
}

TEST(ClientAddress, OnlyATrustedPeerIsBelieved) {
  EXPECT_EQ(client("203.0.113.9", {"1.2.3.4"}), "203.0.113.9");
  EXPECT_EQ(client("203.0.113.9", {"nonsense"}), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4"}), "1.2.3.4");
  EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
}

TEST(ClientAddress, IsTheRightmostThatIsNotTrusted) {
  EXPECT_EQ(client("10.0.0.1", {"9.9.9.9, 1.2.3.4, 10.0.0.2"}), "1.2.3.4");
  EXPECT_EQ(client("10.0.0.1", {"127.0.0.1, 1.2.3.4"}), "1.2.3.4");
  EXPECT_EQ(client("10.0.0.1", {"9.9.9.9", "1.2.3.4,fd00::1"}), "1.2.3.4");
  EXPECT_EQ(client("10.0.0.1", {"9.9.9.9", "10.0.0.3", "10.0.0.2"}), "9.9.9.9");
  EXPECT_EQ(client("10.0.0.1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
  EXPECT_EQ(client("10.0.0.1", {"9.9.9.9,::ffff:10.0.0.2"}), "9.9.9.9");
}

TEST(ClientAddress, PortsAndBracketsAreUnderstood) {
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4:5678"}), "1.2.3.4");
  EXPECT_EQ(client("10.0.0.1", {"[2001:db8::1]"}), "2001:db8::1");
  EXPECT_EQ(client("10.0.0.1", {"[2001:db8::1]:5678"}), "2001:db8::1");
}

TEST(ClientAddress, WhatCannotBeReadIsNotGuessed) {
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4, unknown"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4,"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {""}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"nonsense, 10.0.0.2"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4 10.0.0.2"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"example.com"}), "refused");
  // Not read at all: it stands left of the client.
  EXPECT_EQ(client("10.0.0.1", {"nonsense, 1.2.3.4"}), "1.2.3.4");
}

}  // namespace
}  // namespace gatehouse::http
