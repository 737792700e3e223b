#include "http/forwarded.h"

#include <string>
#include <utility>
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

TEST(ClientAddress, UnreadableEntriesAreNotGuessed) {
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4, unknown"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4,"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {""}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"nonsense, 10.0.0.2"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4 10.0.0.2"}), "refused");
  EXPECT_EQ(client("10.0.0.1", {"example.com"}), "refused");
  // Not read at all: it stands left of the client.
  EXPECT_EQ(client("10.0.0.1", {"nonsense, 1.2.3.4"}), "1.2.3.4");
}

// The same of lines `name: value`; "F" is Forwarded, "X" is X-Forwarded-For.
std::string client_of(const std::vector<std::pair<char, std::string>>& lines) {
  std::string text;
  for (const auto& line : lines) text += line.second;
  Fields fields;
  fields.set_base(text.data());
  std::size_t at = 0;
  for (const auto& [which, value] : lines) {
    fields.add(which == 'F' ? FieldId::forwarded : FieldId::x_forwarded_for, at, 0, at, value.size());
    at += value.size();
  }
  const std::vector<IpNetwork> trusted = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("fd00::/8")};
  const auto address = client_address(*IpAddress::parse("10.0.0.1"), fields, trusted);
  return address ? address->text() : "refused";
}

TEST(ClientAddress, IsReadOfForwardedToo) {
  EXPECT_EQ(client_of({{'F', "for=1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'F', "proto=https; FOR=\"1.2.3.4:80\";by=_me"}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'F', "for=\"[2001:db8::1]:8080\""}}), "2001:db8::1");
  EXPECT_EQ(client_of({{'F', "for=\"[::ffff:1.2.3.4]\""}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'F', "for=9.9.9.9, for=1.2.3.4, for=10.0.0.2"}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'F', "for=9.9.9.9"}, {'F', "for=10.0.0.3"}, {'F', "for=10.0.0.2"}}), "9.9.9.9");
  EXPECT_EQ(client_of({{'F', "for=10.0.0.3, for=10.0.0.2"}}), "10.0.0.3");
  EXPECT_EQ(client_of({{'F', "for=example.com, for=1.2.3.4"}}), "1.2.3.4") << "left of the client";
}

TEST(ClientAddress, ThatAProxyHidesIsNotLookedForBehindIt) {
  for (const char* hidden :
       {"for=unknown", "for=\"Unknown:80\"", "for=_x", "host=a.example", "for=9.9.9.9, proto=https"})
    EXPECT_EQ(client_of({{'F', hidden}}), "10.0.0.1") << hidden;
  EXPECT_EQ(client_of({{'F', "for=9.9.9.9, for=unknown, for=10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(client_of({{'F', ""}}), "10.0.0.1");
}

TEST(ClientAddress, IsNotGuessedFromForwarded) {
  for (const char* value :
       {"for=example.com", "for=1.2.3", "for=\"1.2.3.4,5.6.7.8\"", "for=1.2.3.4;for=1.2.3.4",
        "for=", "for=[::1]", "for=x, for=10.0.0.2", "for=1.2.3.4, =", "for=\"\""})
    EXPECT_EQ(client_of({{'F', value}}), "refused") << value;
}

TEST(ClientAddress, OfTwoFieldsThatDisagreeRefuses) {
  EXPECT_EQ(client_of({{'X', "1.2.3.4"}, {'F', "for=1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'X', "9.9.9.9, 1.2.3.4"}, {'F', "for=\"1.2.3.4:80\""}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'X', "1.2.3.4"}, {'F', "host=a.example"}}), "1.2.3.4");
  EXPECT_EQ(client_of({{'X', "1.2.3.4"}, {'F', "for=9.9.9.9"}}), "refused");
  EXPECT_EQ(client_of({{'F', "for=1.2.3.4"}, {'X', "9.9.9.9"}}), "refused")
      << "the client's own X-Forwarded-For";
}

// The forwarded authority, "none" or "refused". `x_host` empty: no X-Forwarded-Host.
std::string host_of(std::string_view x_host, const std::vector<std::string>& forwarded = {}) {
  std::string text(x_host);
  Fields fields;
  for (const std::string& line : forwarded) text += line;
  fields.set_base(text.data());
  if (!x_host.empty()) fields.add(FieldId::x_forwarded_host, 0, 0, 0, x_host.size());
  std::size_t at = x_host.size();
  for (const std::string& line : forwarded) {
    fields.add(FieldId::forwarded, at, 0, at, line.size());
    at += line.size();
  }
  const auto host = forwarded_host(fields);
  if (!host) return "refused";
  if (!*host) return "none";
  return std::string((*host)->host) + ((*host)->port != 0 ? ":" + std::to_string((*host)->port) : "");
}

TEST(ForwardedHost, IsTheFirst) {
  EXPECT_EQ(host_of(""), "none");
  EXPECT_EQ(host_of("a.example:8443"), "a.example:8443");
  EXPECT_EQ(host_of("a.example , b.example"), "a.example");
  EXPECT_EQ(host_of("", {"for=192.0.2.1;host=a.example;proto=https, host=b.example"}), "a.example");
  EXPECT_EQ(host_of("", {"for=192.0.2.1, for=10.0.0.1;HOST=\"a.example:8443\""}), "a.example:8443");
  EXPECT_EQ(host_of("", {"for=192.0.2.1", "for=10.0.0.1; host=a.example"}), "a.example");
  EXPECT_EQ(host_of("", {"for=192.0.2.1", ""}), "none");
  EXPECT_EQ(host_of("a.example", {"host=A.example"}), "A.example") << "two that agree";
}

TEST(ForwardedHost, ThatCannotBeReadOrIsTwoRefuses) {
  for (const char* value :
       {",", " ,a.example", "a.example/", "https://a.example", "a b", "u@a.example", "a.example:0"})
    EXPECT_EQ(host_of(value), "refused") << value;
  for (const char* value :
       {"host", "host=", "host=\"a.example", "host=a.example:8443", "host=\"a\\.example\"",
        "host=a.example;host=b.example", "host=a.example b", "=a", "host=\"\"", "for=1;;=", "a=b c"})
    EXPECT_EQ(host_of("", {value}), "refused") << value;
  EXPECT_EQ(host_of("a.example", {"host=b.example"}), "refused");
  EXPECT_EQ(host_of("a.example", {"host=\"a.example:8443\""}), "refused");
  EXPECT_EQ(host_of("", {"host=a.example", "host=\""}), "refused") << "a later line is read too";
}

}  // namespace
}  // namespace gatehouse::http
