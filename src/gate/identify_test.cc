// Schemes that have to wait before they know the owner of a credential.
#include "gate/identify.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/entropy.h"
#include "base/manual_clock.h"
#include "gate/arrive.h"
#include "gate/limit.h"
#include "gate/route.h"
#include "http/request_parser.h"
#include "http/served_names.h"
#include "net/loop.h"
#include "net/testing.h"
#include "policy/testing.h"

namespace gatehouse::gate {
namespace {

constexpr std::string_view kNotesApi =
    R"({"openapi": "3.1.0", "info": {"title": "Notes", "version": "1"}, "paths": {"/notes": {"get": {
      "operationId": "listNotes", "security": [{"one": [], "other": []}],
      "responses": {"200": {"description": "all"}}}}},
      "components": {"securitySchemes": {
        "one": {"type": "apiKey", "in": "header", "name": "X-One"},
        "other": {"type": "apiKey", "in": "header", "name": "X-Other"}}}})";

constexpr std::string_view kNotesSettings = R"(
openapi: [api.json]
threat_model: {exposure: partner, data: internal}
listen: {https: "127.0.0.1:8443"}
tls: {certificate: server.crt, private_key: "file:server.key"}
store: sqlite:gatehouse.db
upstreams: {notes: {url: "http://127.0.0.1:9"}}
authenticators:
  one: {type: api_key, prefix: "one:"}
  other: {type: api_key, prefix: "other:"}
roles: {reader: [notes:read]}
limits:
  per_ip: {per: ip, rate: 1000/s, burst: 1000}
  per_reader: {per: principal, rate: 1000/s, burst: 1000}
defaults: {limits: [per_ip, per_reader], upstream: notes}
operations: {listNotes: {permission: notes:read, principal: one}}
)";

class NoLimits final : public LimitStore {
 public:
  bool take(std::span<const LimitClaim>, MonotonicTime, std::span<LimitState> states) override {
    for (LimitState& state : states) state = {.allowed = true, .remaining = 9};
    return true;
  }
};

// Gives its identity a millisecond after it was asked, or fails at its deadline.
class SlowScheme final : public Scheme {
 public:
  SlowScheme(std::string name, net::Loop& loop, std::chrono::milliseconds takes)
      : name_(std::move(name)), loop_(loop), takes_(takes) {}
  Verdict<SchemeResult> identify(const Presented& presented, std::string&) override {
    ++asked;
    return SchemeResult(ask(presented));
  }
  bool owns(std::string_view) const override { return true; }

  int asked = 0, waited = 0;

 private:
  net::Task<Waited> ask(Presented presented) {
    ++waited;
    const MonotonicTime ready = loop_.now() + takes_;
    co_await net::sleep_until(loop_, std::min(ready, presented.deadline));
    if (presented.deadline < ready)
      co_return Waited{refuse(Reason::keys_unavailable), name_ + " did not say in time"};
    if (presented.credential == "bad") co_return Waited{refuse(Reason::credential_unknown), "no such key"};
    Identity identity;
    identity.id = fmt::format("{}:{}", name_, presented.credential);
    identity.kind = PrincipalKind::key;
    identity.scheme = name_;
    identity.credential_key = presented.credential;
    co_return Waited{std::make_shared<const FinishedIdentity>(std::move(identity)), ""};
  }

  std::string name_;
  net::Loop& loop_;
  std::chrono::milliseconds takes_;
};

class SlowSchemes : public ::testing::Test {
 protected:
  // Runs to the end, at most `most` milliseconds of the clock.
  std::optional<Verdict<Identified>> identify(std::string_view one, std::string_view other,
                                              std::chrono::milliseconds takes, int most = 20) {
    auto make = [&](std::string name, SlowScheme*& scheme) {
      auto made = std::make_unique<SlowScheme>(std::move(name), loop_, takes);
      scheme = made.get();
      schemes_.push_back(std::move(made));
    };
    make("one", one_);
    make("other", other_);
    identifier_.emplace(*policy_, schemes_);
    text_ = fmt::format("GET /notes HTTP/1.1\r\nHost: h\r\nX-One: {}\r\nX-Other: {}\r\n\r\n", one, other);
    peer_.address = *IpAddress::parse("203.0.113.9");
    peer_.text = "203.0.113.9";
    exchange_.begin(policy_, peer_);
    if (parser_.parse(text_, exchange_.head) != http::Progress::complete) throw std::logic_error("the head");
    if (!arrive(exchange_, served_, clock_, entropy_)) throw std::logic_error("arrive");
    const MonotonicTime deadline = clock_.monotonic() + std::chrono::milliseconds(10);
    admitted_.emplace(*limits_gate_.admit_address(*Router::route(exchange_)));
    auto first = identifier_->identify(std::move(*admitted_), clock_.wall(), deadline);
    if (!first) return std::unexpected(first.error());
    std::optional<Verdict<Identified>> outcome;
    net::testing::start(loop_,
                        identifier_->identify_waiting(
                            *admitted_, std::get<Identifier::Pending>(*std::move(first)), clock_, deadline),
                        outcome);
    for (int i = 0; i < most && !outcome; ++i) {
      for (int turn = 0; turn < 4; ++turn) loop_.poll();
      clock_.advance(std::chrono::milliseconds(1));
    }
    return outcome;
  }

  ManualClock clock_;
  const http::ServedNames served_ = [] {
    http::ServedNames names{443};
    EXPECT_TRUE(names.add("h"));
    return names;
  }();
  SystemEntropy entropy_;
  net::Loop loop_{clock_};
  std::shared_ptr<const policy::PolicySet> policy_ = policy::testing::policy_of(kNotesSettings, kNotesApi);
  NoLimits limits_;
  LimitGate limits_gate_{limits_};
  Schemes schemes_;
  SlowScheme* one_ = nullptr;
  SlowScheme* other_ = nullptr;
  std::optional<Identifier> identifier_;
  std::string text_;
  Peer peer_;
  Exchange exchange_;
  http::RequestParser parser_;
  std::optional<Admitted> admitted_;
};

TEST_F(SlowSchemes, TwoOfOneAlternativeBothWaitAndBothCount) {
  const auto outcome = identify("a", "b", std::chrono::milliseconds(1));
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->principal()->id, "one:a");
  ASSERT_EQ((*outcome)->principal().beside().size(), 1U);
  EXPECT_EQ((*outcome)->principal().beside().front()->id, "other:b");
  EXPECT_EQ(one_->waited, 1) << "each waits once";
  EXPECT_EQ(other_->waited, 1);
}

TEST_F(SlowSchemes, TheSecondsRefusalRefuses) {
  const auto outcome = identify("a", "bad", std::chrono::milliseconds(1));
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().reason, Reason::credential_unknown);
  EXPECT_EQ(exchange_.detail, "no such key");
  ASSERT_EQ(exchange_.proven.size(), 1U) << "the first is named in the event";
  EXPECT_EQ(exchange_.proven.front()->id, "one:a");
}

TEST_F(SlowSchemes, OneCredentialTwiceIsOneProof) {
  const auto outcome = identify("a", "a", std::chrono::milliseconds(1));
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().reason, Reason::credential_missing);
}

TEST_F(SlowSchemes, TheDeadlineIsOneForAll) {
  // Each alone would be in time.
  const auto outcome = identify("a", "b", std::chrono::milliseconds(6));
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().reason, Reason::keys_unavailable);
  EXPECT_EQ(exchange_.detail, "other did not say in time");
}

TEST_F(SlowSchemes, ARequestThatEndsMeanwhileLeavesNothingBehind) {
  EXPECT_FALSE(identify("a", "b", std::chrono::milliseconds(6), 3));
  EXPECT_EQ(one_->waited, 1);
  EXPECT_EQ(other_->waited, 0);
}

}  // namespace
}  // namespace gatehouse::gate
