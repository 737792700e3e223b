#include "gate/arrive.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "gate/record.h"
#include "gate/respond.h"
#include "http/request_parser.h"

namespace gatehouse::gate {
namespace {

using policy::Carrier;

constexpr std::string_view kShownKey = "gh_abcdefghijkl_0123456789ABCDEFGHIJKLMNOPQRSTUVWx6Zt1Q";
constexpr std::string_view kShownToken = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";

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
    served_.add("h");
    served_.add("*.shop.test");
  }

  // A request with these lines, up to the first gate.
  Verdict<void> arrive(std::string_view target, std::string_view lines) {
    text_ = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
    exchange_.begin(policy_, peer_);
    http::RequestParser parser;
    EXPECT_EQ(parser.parse(text_, exchange_.head), http::Progress::complete) << text_;
    return gate::arrive(exchange_, served_, clock_, entropy_);
  }
  bool collected(std::string_view run) const {
    return std::ranges::find(exchange_.credentials, run) != exchange_.credentials.end();
  }
  // The texts that the event removes from texts of others (audit/encoder.h).
  std::span<const std::string_view> kept_out() {
    exchange_.report.said = "what a handler said";
    return builder_.build(exchange_, {Refusal(Reason::no_such_operation), 404, 0}, clock_.monotonic())
        .credentials;
  }

  std::shared_ptr<const policy::PolicySet> policy_;
  http::ServedNames served_{8443};
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
  ASSERT_EQ(kept_out().size(), 1U) << "the others have proven nobody";
  EXPECT_EQ(kept_out().front(), "the certificate's DER");
}

// Credentials have a form. A caller that puts a handler's words into a carrier does not remove them from the
// record.
TEST_F(Arrival, ACallerCannotChooseWhichWordsOfOthersTheRecordWithholds) {
  ASSERT_TRUE(arrive("/a?api_key=what%20a%20handler%20said",
                     "Authorization: Bearer what a handler said\r\nX-API-Key: what a handler said\r\n"
                     "Cookie: session=what a handler said\r\n"));
  EXPECT_FALSE(exchange_.credentials.empty());
  EXPECT_TRUE(kept_out().empty());
  ASSERT_TRUE(arrive("/a", "X-API-Key: " + std::string(kShownKey) + "\r\n"));
  exchange_.credentials.push_back("hunter2");  // as keep_marked_members() adds it
  const auto withheld = kept_out();
  EXPECT_EQ((std::vector<std::string_view>(withheld.begin(), withheld.end())),
            (std::vector<std::string_view>{kShownKey, "hunter2"}));
  exchange_.marked = MarkedSecrets::too_many;
  exchange_.report.detail = "Gatehouse's own words";
  const Event event =
      builder_.build(exchange_, {Refusal(Reason::handler_failed), 500, 0}, clock_.monotonic());
  EXPECT_EQ(event.detail, "Gatehouse's own words");
  EXPECT_EQ(event.said, "[redacted]");
}

TEST_F(Arrival, ACallerCannotChooseTheWithheldTexts) {
  ASSERT_TRUE(arrive("/a?api_key=42&other=550e8400-e29b-41d4-a716-446655440000",
                     "Authorization: Bearer 42\r\n"
                     "Proxy-Authorization: Basic 550e8400-e29b-41d4-a716-446655440000\r\n"
                     "DPoP: 550e8400-e29b-41d4-a716-446655440000\r\nX-API-Key: 42\r\n"
                     "Cookie: session=42; other=550e8400-e29b-41d4-a716-446655440000\r\n"));
  EXPECT_TRUE(exchange_.credentials.empty());
}

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

TEST_F(Arrival, SigningSecretsAreRemovedFromAnUpstreamsText) {
  ASSERT_TRUE(
      arrive("/a?X-Amz-Signature=0123456789abcdef-query&x%2Damz-security-token=token%2Fof-the-query",
             "Authorization: AWS4-HMAC-SHA256 Credential=AKID/scope,Signature=0123456789abcdef-header, "
             "SignedHeaders=a\r\n"
             "X-Amz-Security-Token: token-of-the-header\r\nX-AMZ-S3session-token: token-of-the-session\r\n"
             "X-Amz-Server-Side-Encryption-Customer-Key: key-of-the-customer\r\n"
             "X-Amz-Content-Sha256: a-digest-that-is-no-secret\r\n"
             "Signature: a=:Zmlyc3Qgc2lnbmF0dXJl:, b=:c2Vjb25kIHNpZ25hdHVyZQ==:;x=1\r\n"
             "Signature: c=:dGhpcmQgc2lnbmF0dXJl:\r\n"));
  const std::vector<std::string_view> secrets = secrets_of(exchange_);
  for (const std::string_view secret :
       {"0123456789abcdef-query", "token%2Fof-the-query", "token/of-the-query", "0123456789abcdef-header",
        "token-of-the-header", "token-of-the-session", "key-of-the-customer", "Zmlyc3Qgc2lnbmF0dXJl",
        "c2Vjb25kIHNpZ25hdHVyZQ==", "dGhpcmQgc2lnbmF0dXJl"})
    EXPECT_NE(std::ranges::find(secrets, secret), secrets.end()) << secret;
  EXPECT_EQ(secrets.size(), 11U) << "and nothing else but Authorization, which carries bearer tokens here";
  EXPECT_TRUE(kept_out().empty()) << "a caller does not choose what a handler's words lack";
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

TEST_F(Arrival, NoForwardedAddressIsBelievedFromAnUntrustedPeer) {
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

TEST_F(Arrival, AnInvalidAddressOfATrustedProxyRefuses) {
  peer_.address = *IpAddress::parse("10.1.2.3");
  peer_.text = "10.1.2.3";
  const auto refused = arrive("/a", "X-Forwarded-For: unknown\r\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::malformed_http);
  EXPECT_EQ(exchange_.client_text, "10.1.2.3");
}

// The forwarded authority, or the reason of the refusal.
std::string outcome_of(const Exchange& exchange, const Verdict<void>& arrived) {
  return arrived ? std::string(exchange.authority) : std::string(facts_of(arrived.error().reason).name);
}

TEST_F(Arrival, ARequestNamesAHostOfThisServer) {
  const auto named = [&](std::string_view host) {
    text_ = "GET /a HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
    exchange_.begin(policy_, peer_);
    http::RequestParser parser;
    EXPECT_EQ(parser.parse(text_, exchange_.head), http::Progress::complete) << text_;
    return outcome_of(exchange_, gate::arrive(exchange_, served_, clock_, entropy_));
  };
  EXPECT_EQ(named("h"), "h");
  EXPECT_EQ(named("H.:8443"), "h:8443");
  EXPECT_EQ(named("h:9"), "h");
  EXPECT_EQ(named("A.shop.test"), "a.shop.test");
  for (const char* other : {"evil.example", "shop.test", "a.b.shop.test", "hh", "127.0.0.1"})
    EXPECT_EQ(named(other), "host_not_served") << other;
  EXPECT_EQ(named("evil.example:1"), "host_not_served");
  EXPECT_EQ(exchange_.detail, "the request names evil.example");
  EXPECT_TRUE(exchange_.id) << "the refusal has its event";
}

TEST_F(Arrival, AForwardedHostIsBelievedFromATrustedProxyOnly) {
  const std::string evil = "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n";
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", evil)), "h") << "from anybody it is nothing";
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", "X-Forwarded-Host: \x80\r\n")), "h");
  peer_.address = *IpAddress::parse("10.1.2.3");
  peer_.text = "10.1.2.3";
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", evil)), "host_not_served");
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", "X-Forwarded-Host: a.shop.test:8443, evil.example\r\n")),
            "a.shop.test:8443");
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", "Forwarded: for=1.2.3.4;host=\"b.shop.test\"\r\n")),
            "b.shop.test");
  EXPECT_EQ(
      outcome_of(exchange_, arrive("/a", "X-Forwarded-Host: a.shop.test\r\nForwarded: host=b.shop.test\r\n")),
      "malformed_http");
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", "X-Forwarded-Host: a/b\r\n")), "malformed_http");
  peer_.forwarding = Forwarding::never_believed;
  EXPECT_EQ(outcome_of(exchange_, arrive("/a", evil)), "h") << "a PROXY header that names nobody";
}

TEST_F(Arrival, EarlyDataIsATrustedProxysWord) {
  const auto early = [&](std::string_view method, std::string_view lines) {
    text_ = std::string(method) + " /a HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
    exchange_.begin(policy_, peer_);
    http::RequestParser parser;
    EXPECT_EQ(parser.parse(text_, exchange_.head), http::Progress::complete) << text_;
    const auto arrived = gate::arrive(exchange_, served_, clock_, entropy_);
    if (!arrived) return std::string(facts_of(arrived.error().reason).name);
    return std::string(exchange_.early_data == EarlyData::possible ? "possible" : "none");
  };
  EXPECT_EQ(early("POST", "Early-Data: 1\r\n"), "none") << "from anybody it is dropped";
  peer_.address = *IpAddress::parse("10.1.2.3");
  EXPECT_EQ(early("GET", ""), "none");
  for (const char* method : {"GET", "HEAD", "OPTIONS"})
    EXPECT_EQ(early(method, "Early-Data: 1\r\n"), "possible");
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "PROPFIND", "get"})
    EXPECT_EQ(early(method, "Early-Data: 1\r\n"), "early_data") << method;
  // Any value, and any number of lines, counts as one `1` (RFC 8470 section 5.1).
  for (const char* lines : {"Early-Data: 0\r\n", "Early-Data:\r\n", "early-data: 1\r\nEarly-Data: 1\r\n"})
    EXPECT_EQ(early("POST", lines), "early_data") << lines;
  EXPECT_EQ(text_of(facts_of(Reason::early_data).answer).status, 425U);
}

constexpr std::string_view kTraceparent =
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

// "continued", "linked" (a new trace, and the event knows the caller's) or "fresh".
std::string trace_of(const Exchange& exchange) {
  constexpr std::string_view kSent = "0af7651916cd43dd8448eb211c80319c";
  const auto text = exchange.trace.trace_id_text();
  const bool same = std::string_view(text.data(), text.size()) == kSent;
  EXPECT_EQ(same, exchange.trace_origin == TraceOrigin::of_caller);
  EXPECT_EQ(exchange.trace.flags, same ? 1 : 0) << "the caller's sampled flag";
  if (same) return exchange.caller_trace ? "both" : "continued";
  if (!exchange.caller_trace) return "fresh";
  const auto callers = exchange.caller_trace->trace_id_text();
  return std::string_view(callers.data(), callers.size()) == kSent ? "linked" : "another";
}

TEST_F(Arrival, ATraceIsContinuedWhereTheSenderIsTrusted) {
  using policy::TraceContinuation;
  const auto with = [&](TraceContinuation continuation, std::string_view address, std::string_view lines) {
    auto changed = std::make_shared<policy::PolicySet>();
    changed->settings.trusted_proxies = policy_->settings.trusted_proxies;
    changed->settings.tracing = continuation;
    policy_ = std::move(changed);
    peer_.address = *IpAddress::parse(address);
    EXPECT_TRUE(arrive("/a", lines));
    return trace_of(exchange_);
  };
  EXPECT_EQ(policy::Settings().tracing, TraceContinuation::trusted_proxies);
  EXPECT_EQ(with(TraceContinuation::trusted_proxies, "192.0.2.1", kTraceparent), "linked");
  EXPECT_EQ(with(TraceContinuation::trusted_proxies, "10.1.2.3", kTraceparent), "continued");
  EXPECT_EQ(with(TraceContinuation::all, "192.0.2.1", kTraceparent), "continued");
  EXPECT_EQ(with(TraceContinuation::none, "10.1.2.3", kTraceparent), "linked");
  EXPECT_EQ(with(TraceContinuation::all, "10.1.2.3", ""), "fresh");
  for (const char* malformed :
       {"traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n",
        "traceparent: 00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", "traceparent: x\r\n"})
    EXPECT_EQ(with(TraceContinuation::all, "10.1.2.3", malformed), "fresh") << malformed;
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
