#include "gate/arrive.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "gate/record.h"

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

TEST_F(Arrival, EveryCredentialOfARequestIsKeptOutOfItsEvent) {
  peer_.certificate = "the certificate's DER";
  ASSERT_TRUE(arrive("/a?api_key=k3y%2Fof-query&x=1",
                     "Authorization: Bearer t0k.e.n\r\nProxy-Authorization: Basic dXNlcg==\r\n"
                     "X-API-Key: first-key\r\nx-api-key: second-key\r\n"
                     "Cookie: session=s1; other=longer-value; quoted=\"in%20quotes\"; a=1\r\n"));
  for (const std::string_view secret :
       {"t0k.e.n", "dXNlcg==", "first-key", "second-key", "k3y%2Fof-query", "k3y/of-query", "s1",
        "longer-value", "in%20quotes", "in quotes", "the certificate's DER"}) {
    EXPECT_TRUE(collected(secret)) << secret;
  }
  EXPECT_FALSE(collected("1")) << "what is no secret must not black out ordinary text";
  EXPECT_EQ(kept_out().size(), exchange_.credentials.size());
}

TEST_F(Arrival, ACredentialUnderAnEncodedNameIsOneToo) {
  ASSERT_TRUE(arrive("/a?%61pi_key=s3cret", ""));
  EXPECT_TRUE(collected("s3cret"));
}

TEST_F(Arrival, AMalformedCookieStillCarriesSecrets) {
  ASSERT_TRUE(arrive("/a", "Cookie: session=planted,;session=s2;  spaced = longer-value\r\n"));
  EXPECT_TRUE(collected("planted,"));
  EXPECT_TRUE(collected("s2"));
  EXPECT_TRUE(collected(" longer-value"));
}

TEST_F(Arrival, SpacesBeforeATokenHideNothing) {
  ASSERT_TRUE(arrive("/a", "Authorization: Bearer    t0k.e.n\r\n"));
  EXPECT_TRUE(collected("t0k.e.n"));
}

TEST_F(Arrival, ManyEncodedValuesAllStayWhereTheyAre) {
  std::string cookie = "Cookie: ";
  for (int i = 0; i < 60; ++i)
    cookie += (i == 0 ? "" : "; ") + ("n" + std::to_string(i)) + "=long%2Dvalue%2D" + std::to_string(i);
  ASSERT_TRUE(arrive("/a", cookie + "\r\n"));
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(collected("long-value-" + std::to_string(i))) << i;
}

TEST_F(Arrival, NothingOfARequestIsLeftForTheNext) {
  ASSERT_TRUE(arrive("/a?api_key=k3y", "Cookie: session=s1\r\nX-Forwarded-For: 198.51.100.1\r\n"));
  exchange_.detail = "the first's";
  exchange_.response.body = "the first's";
  exchange_.response.status = 200;
  exchange_.report.original_body = "the first's";
  exchange_.findings.add("/query/x", "type");
  exchange_.begin(policy_, peer_);
  EXPECT_TRUE(exchange_.credentials.empty());
  EXPECT_TRUE(exchange_.detail.empty());
  EXPECT_TRUE(exchange_.response.body.empty());
  EXPECT_EQ(exchange_.response.status, 500U);
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
