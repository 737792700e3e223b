#include "gate/arrive.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "gate/record.h"
#include "gate/respond.h"

namespace gatehouse::gate {
namespace {

using policy::Carrier;

class Arrival : public ::testing::Test {
 protected:
  Arrival() {
    auto made = std::make_shared<policy::PolicySet>();
    made->settings.trusted_proxies.push_back(*IpNetwork::parse("10.0.0.0/8"));
    const auto add = [&](Carrier carrier, std::string field) {
      policy::AuthenticatorPolicy authenticator;
      authenticator.carrier = carrier;
      authenticator.field = std::move(field);
      made->authenticators.push_back(std::move(authenticator));
    };
    add(Carrier::header, "x-api-key");
    add(Carrier::query, "api_key");
    add(Carrier::cookie, "session");
    add(Carrier::bearer, "authorization");
    add(Carrier::certificate, "");
    policy_ = std::move(made);
    peer_.address = *IpAddress::parse("192.0.2.1");
    peer_.text = "192.0.2.1";
  }

  // A request with these lines, up to the first gate.
  Verdict<void> arrive(std::string_view target, std::string_view lines) {
    text_ = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
    exchange_.begin(policy_, peer_);
    http::RequestParser parser;
    EXPECT_EQ(parser.parse(text_, exchange_.head), http::Progress::complete) << text_;
    return gate::arrive(exchange_, clock_, entropy_);
  }
  bool collected(std::string_view run) const {
    return std::ranges::find(exchange_.credentials, run) != exchange_.credentials.end();
  }
  // What the event keeps out of itself (audit/encoder.h).
  std::span<const std::string_view> kept_out() {
    return builder_.build(exchange_, {Refusal(Reason::no_such_operation), 404, 0}, clock_.monotonic())
        .credentials;
  }

  std::shared_ptr<const policy::PolicySet> policy_;
  Peer peer_;
  Exchange exchange_;
  ManualClock clock_;
  SystemEntropy entropy_;
  EventBuilder builder_;
  std::string text_;
};

TEST_F(Arrival, ARequestIsATrustedProxysWhereTheConnectionIs) {
  peer_.address = *IpAddress::parse("10.1.2.3");
  ASSERT_TRUE(arrive("/a", "X-Forwarded-For: 192.0.2.1\r\n"));
  EXPECT_EQ(exchange_.via, Via::trusted_proxy);
  peer_.address = *IpAddress::parse("192.0.2.7");
  ASSERT_TRUE(arrive("/a", "X-Forwarded-For: 10.1.2.3\r\n"));
  EXPECT_EQ(exchange_.via, Via::client);
  peer_.address = *IpAddress::parse("10.1.2.3");
  peer_.forwarding = Forwarding::never_believed;
  ASSERT_TRUE(arrive("/a", ""));
  EXPECT_EQ(exchange_.via, Via::client);
}

TEST_F(Arrival, EveryCredentialOfARequestIsKeptOutOfItsEvent) {
  peer_.certificate = "the certificate's DER";
  ASSERT_TRUE(arrive("/a?api_key=k3y%2Fof-the-query&x=1",
                     "Authorization: Bearer header.payload.sig\r\n"
                     "X-API-Key: the-first-long-key\r\nx-api-key: the-second-long-key\r\n"
                     "Cookie: session=\"in%20quotes-and-long\"; a=1\r\n"));
  for (const std::string_view secret :
       {"header.payload.sig", "the-first-long-key", "the-second-long-key", "k3y%2Fof-the-query",
        "k3y/of-the-query", "in%20quotes-and-long", "in quotes-and-long", "the certificate's DER"}) {
    EXPECT_TRUE(collected(secret)) << secret;
  }
  EXPECT_EQ(kept_out().size(), exchange_.credentials.size());
}

TEST_F(Arrival, ACallerCannotNameWhatTheRecordWithholds) {
  ASSERT_TRUE(arrive("/a?api_key=42&other=550e8400-e29b-41d4-a716-446655440000",
                     "Authorization: Bearer 42\r\n"
                     "Proxy-Authorization: Basic 550e8400-e29b-41d4-a716-446655440000\r\n"
                     "DPoP: 550e8400-e29b-41d4-a716-446655440000\r\nX-API-Key: 42\r\n"
                     "Cookie: session=42; other=550e8400-e29b-41d4-a716-446655440000\r\n"));
  EXPECT_TRUE(exchange_.credentials.empty());
}

constexpr std::string_view kShownKey = "gh_abcdefghijkl_0123456789ABCDEFGHIJKLMNOPQRSTUVWx6Zt1Q";
constexpr std::string_view kShownToken = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";

TEST_F(Arrival, ACredentialByItsFormIsOneWhereverItStands) {
  ASSERT_TRUE(arrive("/a", "Proxy-Authorization: Bearer " + std::string(kShownToken) +
                               "\r\nCookie: a=1; other=" + std::string(kShownKey) + "\r\n"));
  EXPECT_TRUE(collected(kShownToken));
  EXPECT_TRUE(collected(kShownKey));
  EXPECT_EQ(exchange_.credentials.size(), 2U);
}

TEST_F(Arrival, AnOriginalIsKeptWithoutTheCookiesToo) {
  ASSERT_TRUE(arrive("/a", "Cookie: session=a-long-session-id; other=longer%2Dvalue; short=1\r\n"));
  const std::vector<std::string_view> secrets = secrets_of(exchange_);
  for (const std::string_view secret : {"a-long-session-id", "longer%2Dvalue", "longer-value"})
    EXPECT_NE(std::ranges::find(secrets, secret), secrets.end()) << secret;
  EXPECT_EQ(std::ranges::find(secrets, "1"), secrets.end());
  EXPECT_FALSE(collected("longer-value"));
}

TEST_F(Arrival, ACredentialUnderAnEncodedNameIsOneToo) {
  ASSERT_TRUE(arrive("/a?%61pi_key=s3cret-of-some-length", ""));
  EXPECT_TRUE(collected("s3cret-of-some-length"));
}

TEST_F(Arrival, AMalformedCookieStillCarriesSecrets) {
  ASSERT_TRUE(arrive(
      "/a", "Cookie: session=planted-and-long,;session=the-second-value;  session = the longer value\r\n"));
  EXPECT_TRUE(collected("planted-and-long,"));
  EXPECT_TRUE(collected("the-second-value"));
  EXPECT_TRUE(collected(" the longer value"));
}

TEST_F(Arrival, SpacesBeforeATokenHideNothing) {
  ASSERT_TRUE(arrive("/a", "Authorization: Bearer    header.payload.sig\r\n"));
  EXPECT_TRUE(collected("header.payload.sig"));
}

TEST_F(Arrival, ManyEncodedValuesAllStayWhereTheyAre) {
  std::string cookie = "Cookie: ";
  for (int i = 0; i < 60; ++i)
    cookie += (i == 0 ? "" : "; ") + ("n" + std::to_string(i)) + "=long%2Dvalue%2D" + std::to_string(i);
  ASSERT_TRUE(arrive("/a?api_key=first%2Dand-longer", cookie + "\r\n"));
  const std::vector<std::string_view> secrets = secrets_of(exchange_);
  EXPECT_TRUE(collected("first-and-longer"));
  for (int i = 0; i < 60; ++i) {
    EXPECT_NE(std::ranges::find(secrets, "long-value-" + std::to_string(i)), secrets.end()) << i;
  }
}

TEST_F(Arrival, NothingOfARequestIsLeftForTheNext) {
  ASSERT_TRUE(arrive("/a?api_key=k3y", "Cookie: session=s1\r\nX-Forwarded-For: 198.51.100.1\r\n"));
  exchange_.detail = "the first's";
  EXPECT_FALSE(respond(exchange_, Refusal(Reason::no_such_operation)).body().empty());
  exchange_.report.original_body = "the first's";
  exchange_.findings.add("/query/x", "type");
  exchange_.begin(policy_, peer_);
  EXPECT_TRUE(exchange_.credentials.empty());
  EXPECT_TRUE(exchange_.detail.empty());
  EXPECT_TRUE(exchange_.report.original_body.empty());
  EXPECT_TRUE(exchange_.findings.empty());
  EXPECT_FALSE(exchange_.id);
  EXPECT_TRUE(exchange_.head.target.empty());
  EXPECT_TRUE(exchange_.head.fields.empty());
  EXPECT_TRUE(exchange_.client_text.empty());
}

TEST_F(Arrival, AnAddressIsBelievedFromATrustedProxyOnly) {
  ASSERT_TRUE(arrive("/a", "X-Forwarded-For: 198.51.100.1\r\n"));
  EXPECT_EQ(exchange_.client_text, "192.0.2.1");
  peer_.address = *IpAddress::parse("10.1.2.3");
  peer_.text = "10.1.2.3";
  ASSERT_TRUE(arrive("/a", "X-Forwarded-For: 198.51.100.1\r\n"));
  EXPECT_EQ(exchange_.client_text, "198.51.100.1");
  EXPECT_EQ(exchange_.client, *IpAddress::parse("198.51.100.1"));
}

TEST_F(Arrival, NoAddressIsBelievedWhereThePeerSpeaksForNobody) {
  peer_.address = *IpAddress::parse("10.1.2.3");
  peer_.text = "10.1.2.3";
  peer_.forwarding = Forwarding::never_believed;
  for (const char* lines : {"X-Forwarded-For: 198.51.100.1\r\n", "Forwarded: for=198.51.100.1\r\n",
                            "X-Forwarded-For: unknown\r\n"}) {
    ASSERT_TRUE(arrive("/a", lines));
    EXPECT_EQ(exchange_.client_text, "10.1.2.3");
    EXPECT_EQ(exchange_.client, peer_.address);
  }
}

TEST_F(Arrival, WhatATrustedProxySaysAndIsNoAddressRefuses) {
  peer_.address = *IpAddress::parse("10.1.2.3");
  peer_.text = "10.1.2.3";
  const auto refused = arrive("/a", "X-Forwarded-For: unknown\r\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::malformed_http);
  EXPECT_EQ(exchange_.client_text, "10.1.2.3");
}

TEST_F(Arrival, ATraceGoesOnOrBegins) {
  ASSERT_TRUE(arrive("/a", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
  const auto text = exchange_.trace.trace_id_text();
  EXPECT_EQ(std::string_view(text.data(), text.size()), "0af7651916cd43dd8448eb211c80319c");
  ASSERT_TRUE(arrive("/a", "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n"));
  const auto fresh = exchange_.trace.trace_id_text();
  EXPECT_NE(std::string_view(fresh.data(), fresh.size()), "00000000000000000000000000000000");
}

TEST(Malformed, EachHasItsRefusal) {
  EXPECT_EQ(refusal_of(http::Malformed::target_too_long).reason, Reason::target_too_long);
  EXPECT_EQ(refusal_of(http::Malformed::head_too_large).reason, Reason::head_too_large);
  EXPECT_EQ(refusal_of(http::Malformed::too_many_fields).reason, Reason::head_too_large);
  EXPECT_EQ(refusal_of(http::Malformed::obs_fold).reason, Reason::malformed_http);
  EXPECT_EQ(refusal_of(http::Malformed::obs_fold).rule, "obs_fold");
}

}  // namespace
}  // namespace gatehouse::gate
