#include "gate/sent_in_clear.h"

#include <string>

#include <gtest/gtest.h>

namespace gatehouse::gate {
namespace {

const policy::PolicySet& policy_with_carriers() {
  static const policy::PolicySet* const made = [] {
    auto* set = new policy::PolicySet();
    const auto add = [&](policy::Carrier carrier, std::string field) {
      policy::AuthenticatorPolicy authenticator;
      authenticator.carrier = carrier;
      authenticator.field = std::move(field);
      set->authenticators.push_back(std::move(authenticator));
    };
    add(policy::Carrier::header, "x-api-key");
    add(policy::Carrier::query, "api_key");
    add(policy::Carrier::cookie, "session");
    add(policy::Carrier::bearer, "authorization");
    return set;
  }();
  return *made;
}

std::optional<SentInClear> shown_by(std::string_view target, std::string_view lines = "") {
  return sent_in_clear(
      "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n",
      policy_with_carriers());
}

TEST(SentInClear, ACarrierIsFoundUnderEveryNameThatAnotherServerTakesForIt) {
  for (const char* lines :
       {"Authorization: Basic eA==\r\n", "authorization: x\r\n", "Authorization: a\r\nAuthorization: b\r\n",
        "Proxy-Authorization: Basic eA==\r\n", "X-API-Key: x\r\n", "x_api_key: x\r\n", "X.Api.Key: x\r\n",
        "X-API-Key : x\r\n", "Cookie: theme=dark\r\n", "Cookie: session=x\r\n", "Cookie: a=1; session=x\r\n",
        "Cookie: a=1,session=x\r\n", "Cookie: Session=x\r\n", "Cookie: s%65ssion=x\r\n",
        "cookie: session =x\r\n"})
    EXPECT_TRUE(shown_by("/", lines)) << lines;
  for (const char* target : {"/?api_key=x", "/?a=1&API_KEY=x", "/?api%5Fkey=x", "/?%61pi_key=x",
                             "/?api.key=x", "/?api_key[]=x", "/?%20api_key=x"})
    EXPECT_TRUE(shown_by(target)) << target;
}

TEST(SentInClear, ACredentialByItsFormIsFoundAnywhere) {
  const std::string token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";
  EXPECT_TRUE(shown_by("/" + token));
  EXPECT_TRUE(shown_by("/?q=" + token));
  EXPECT_TRUE(shown_by("/", "X-Other: " + token + "\r\n"));
  EXPECT_TRUE(shown_by("/gh%5Fabcdefghijkl%5F0123456789ABCDEFGHIJKL"));
}

TEST(SentInClear, BytesThatAreNotARequestShowItToo) {
  for (const char* bytes :
       {"GET / HTTP/1.1\r\nAuthorization: Bearer x", "GET /\nAuthorization: x\n", "GET  /?api_key=x",
        "GET / HTTP/1.1\r\nX-API-Key: x\r\n folded\r\n\r\n", "\r\nX-API-Key: x"})
    EXPECT_TRUE(sent_in_clear(bytes, policy_with_carriers())) << bytes;
}

TEST(SentInClear, OtherTextsRaiseNoAlarm) {
  for (const char* lines : {"", "X-API-Keys: x\r\n", "Authorization:\r\n", "X-Session: x\r\n", "Cookie:\r\n"})
    EXPECT_FALSE(shown_by("/orders?status=open", lines)) << lines;
  EXPECT_FALSE(shown_by("/?api_key="));
  EXPECT_FALSE(sent_in_clear("", policy_with_carriers()));
}

TEST(SentInClear, AKeyIsNamed) {
  const std::string key = "gh_0123456789AB_23456789ABCDEFGHIJKLMNOPQRSTUVWXY4BKzet";
  EXPECT_EQ(shown_by("/", "X-API-Key: " + key + "\r\n")->key_id, "0123456789AB");
  EXPECT_EQ(shown_by("/gh_/" + key + "/x")->key_id, "0123456789AB");
  EXPECT_EQ(shown_by("/?q=" + key.substr(0, 49))->key_id, "")
      << "without its checksum: a secret, but of no key";
}

}  // namespace
}  // namespace gatehouse::gate
