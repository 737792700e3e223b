#include "http/served_names.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

ServedNames names(const std::vector<std::string>& listed, std::uint16_t port = 8443) {
  ServedNames served(port);
  for (const std::string& name : listed) EXPECT_TRUE(served.add(name)) << name;
  return served;
}

// The forwarded authority for this Host, or "421".
std::string authority(const ServedNames& served, std::string_view host) {
  const auto asked = parse_host_port(host);
  if (!asked) return "malformed";
  std::string out;
  return served.append_authority(out, *asked) ? out : "421" + out;
}

TEST(ServedNames, AreTheListedOnesAndNoOthers) {
  const ServedNames served = names({"api.example.com", "Other.Example"});
  EXPECT_EQ(authority(served, "api.example.com"), "api.example.com");
  EXPECT_EQ(authority(served, "API.Example.COM"), "api.example.com");
  EXPECT_EQ(authority(served, "api.example.com."), "api.example.com") << "the same name, from the root";
  EXPECT_EQ(authority(served, "other.example"), "other.example");
  for (const char* other :
       {"evil.example", "api.example.com.evil.example", "xapi.example.com", "example.com", "pi.example.com",
        "a.api.example.com", "api.example.co", "localhost", "127.0.0.1", "[::1]"})
    EXPECT_EQ(authority(served, other), "421") << other;
  EXPECT_EQ(authority(ServedNames(443), "api.example.com"), "421") << "nothing is listed";
}

TEST(ServedNames, AWildcardIsOneWholeLabel) {
  const ServedNames served = names({"*.shop.example", "*.b.example:9000"});
  EXPECT_EQ(authority(served, "A.shop.example"), "a.shop.example");
  EXPECT_EQ(authority(served, "a.shop.example."), "a.shop.example");
  EXPECT_EQ(authority(served, "a.b.example:9000"), "a.b.example:9000");
  for (const char* other : {"shop.example", "a.b.shop.example", "evilshop.example",
                            "xn--a.shop.example.evil.example", "a.b.example", "a.b.example:9001"})
    EXPECT_EQ(authority(served, other), "421") << other;
}

TEST(ServedNames, APortIsOneOfTheServersOwn) {
  const ServedNames served = names({"any.example", "one.example:9000", "https.example:443"});
  EXPECT_EQ(authority(served, "any.example:8443"), "any.example:8443") << "where the server listens";
  EXPECT_EQ(authority(served, "any.example:443"), "any.example");
  EXPECT_EQ(authority(served, "any.example:6666"), "any.example") << "the request's own port goes no further";
  EXPECT_EQ(authority(served, "one.example:9000"), "one.example:9000");
  EXPECT_EQ(authority(served, "https.example"), "https.example");
  EXPECT_EQ(authority(served, "https.example:443"), "https.example");
  for (const char* other : {"one.example", "one.example:8443", "one.example:9001", "https.example:8443"})
    EXPECT_EQ(authority(served, other), "421") << other;
  EXPECT_EQ(authority(names({"a.example", "a.example:9000"}), "a.example:9000"), "a.example:9000")
      << "the name with the port says more";
}

TEST(ServedNames, MayBeAddresses) {
  const ServedNames served = names({"192.0.2.1", "2001:db8::1", "[2001:DB8::2]:8443", "::ffff:192.0.2.9"});
  EXPECT_EQ(authority(served, "192.0.2.1:8443"), "192.0.2.1:8443");
  EXPECT_EQ(authority(served, "[2001:db8:0::1]"), "[2001:db8::1]") << "one spelling goes on";
  EXPECT_EQ(authority(served, "[2001:db8::2]:8443"), "[2001:db8::2]:8443");
  EXPECT_EQ(authority(served, "[::ffff:192.0.2.1]"), "192.0.2.1");
  EXPECT_EQ(authority(served, "192.0.2.9"), "192.0.2.9");
  for (const char* other : {"192.0.2.2", "[2001:db8::3]", "[2001:db8::2]"})
    EXPECT_EQ(authority(served, other), "421") << other;
  EXPECT_EQ(authority(served, "192.0.2.01"), "malformed");
}

TEST(ServedNames, TextsThatAreNoHostAreNotTaken) {
  ServedNames served(443);
  for (const char* text : {"",
                           "*",
                           "*.",
                           ".",
                           "*.*.example",
                           "a.*.example",
                           "f*.example",
                           "*.192.0.2.1",
                           "*.[::1]",
                           "https://a.example",
                           "a.example/",
                           "a example",
                           "a.example:0",
                           "a.example:65536",
                           "a.example:",
                           "b\xc3\xbc.example",
                           "user@a.example",
                           "a..example",
                           "[a.example]",
                           ":443"})
    EXPECT_FALSE(served.add(text)) << text;
  EXPECT_TRUE(served.empty());
}

TEST(ServedNames, ARedirectLeadsToAConfiguredNameAndPort) {
  const ServedNames served = names({"a.example", "b.example:9000", "*.c.example:443"});
  const auto redirect = [&](std::string_view host) {
    std::string out = "https://";
    return served.append_redirect(out, host) ? out : "refused" + out;
  };
  EXPECT_EQ(redirect("A.example"), "https://a.example:8443");
  EXPECT_EQ(redirect("b.example"), "https://b.example:9000");
  EXPECT_EQ(redirect("x.c.example"), "https://x.c.example");
  EXPECT_EQ(redirect("evil.example"), "refusedhttps://");
}

}  // namespace
}  // namespace gatehouse::http
