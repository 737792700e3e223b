// Two requests of one worker, each of which waits once at every port, in turn: a gate must not mix the data
// of the two.
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/entropy.h"
#include "base/manual_clock.h"
#include "core/audit_sink.h"
#include "gate/arrive.h"
#include "gate/runner.h"
#include "http/request_parser.h"
#include "http/served_names.h"
#include "net/signal.h"
#include "net/testing.h"
#include "policy/testing.h"

namespace gatehouse::gate {
namespace {

constexpr std::string_view kOrdersApi =
    R"({"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": {"/orders/{id}": {"put": {
      "operationId": "changeOrder", "security": [{"key": []}],
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object",
        "properties": {"note": {"type": "string", "maxLength": 80}}}}}},
      "responses": {"200": {"description": "done"}}}}},
      "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}})";

constexpr std::string_view kOrdersSettings = R"(
openapi: [api.json]
threat_model: {exposure: partner, data: internal}
listen: {https: "127.0.0.1:8443"}
tls: {certificate: server.crt, private_key: "file:server.key"}
store: sqlite:gatehouse.db
upstreams: {orders: {url: "http://127.0.0.1:9"}}
authenticators: {key: {type: api_key, prefix: "partner:"}}
roles: {partner: [orders:write]}
limits:
  per_ip: {per: ip, rate: 1000/s, burst: 1000}
  per_partner: {per: principal, rate: 1000/s, burst: 1000}
  per_note: {per: body.note, rate: 1000/s, burst: 1000}
defaults: {limits: [per_ip, per_partner], upstream: orders}
operations:
  changeOrder:
    permission: orders:write
    sensitive: orders
    limits: [per_ip, per_partner, per_note]
    resource: {upstream: {path: "/owner/{path.id}"}, attributes: {owner: string}}
    when: resource.owner == principal.id && request.body.note.startsWith(resource.owner)
)";

// The waiting requests: the one that has waited longest continues first.
class Turns {
 public:
  explicit Turns(net::Loop& loop) : loop_(loop) {}
  net::Task<void> wait(std::string at) {
    net::Signal signal(loop_);
    waiting_.push_back(&signal);
    passed.push_back(std::move(at));
    co_await signal.wait();
  }
  bool next() {
    if (waiting_.empty()) return false;
    waiting_.front()->set();
    waiting_.pop_front();
    return true;
  }

  std::vector<std::string> passed;

 private:
  net::Loop& loop_;
  std::deque<net::Signal*> waiting_;
};

// Knows a key after it has been waited for: the key is the partner's name.
class WaitingScheme final : public Scheme {
 public:
  WaitingScheme(Turns& turns, const policy::PolicySet& policy) : turns_(turns), policy_(policy) {}
  Verdict<SchemeResult> identify(const Presented& presented, std::string&) override {
    return SchemeResult(ask(presented));
  }
  bool owns(std::string_view) const override { return true; }

 private:
  net::Task<Waited> ask(Presented presented) {
    co_await turns_.wait("keys");
    if (presented.credential == "none") co_return Waited{refuse(Reason::credential_unknown), "no such key"};
    Identity identity;
    identity.id = fmt::format("partner:{}", presented.credential);
    identity.kind = PrincipalKind::key;
    identity.scheme = "key";
    identity.credential_key = presented.credential;
    identity.roles = {"partner"};
    identity.permissions = policy_.permissions_of(identity.roles, identity.kind);
    co_return Waited{std::make_shared<const FinishedIdentity>(std::move(identity)), ""};
  }

  Turns& turns_;
  const policy::PolicySet& policy_;
};

class WaitingBody final : public BodyReader {
 public:
  WaitingBody(Turns& turns, std::string bytes) : turns_(turns), bytes_(std::move(bytes)) {}
  net::Task<Verdict<std::string_view>> read(std::uint64_t, CallerShares::Lease&) override {
    co_await turns_.wait("body");
    co_return std::string_view(bytes_);
  }
  net::Task<Verdict<std::string_view>> next(std::uint64_t, CallerShares::Lease&) override {
    co_await turns_.wait("body");
    co_return std::exchange(left_, {});
  }
  std::uint64_t arrived_bytes() const override { return bytes_.size(); }

 private:
  Turns& turns_;
  std::string bytes_;
  std::string_view left_ = bytes_;
};

// Order 1 is ann's, order 2 is bob's.
void write_owner(const CheckedRequest& request, json::Document& row) {
  const bool first = request.parameters().find("path")->find("id")->literal() == "1";
  json::Builder builder(row);
  builder.begin_object();
  builder.key("owner");
  builder.string(first ? "partner:ann" : "partner:bob");
  builder.end_object();
}

class WaitingLookup final : public ResourceLookup {
 public:
  explicit WaitingLookup(Turns& turns) : turns_(turns) {}
  net::Task<Verdict<void>> find(const Input& input, const Call&, json::Document& row, CallReport&) override {
    co_await turns_.wait("object");
    write_owner(input.request(), row);
    co_return {};
  }

 private:
  Turns& turns_;
};

std::string seen(const CheckedRequest& request, const Call& call) {
  return fmt::format("{} {} {} {}", (*request.principal())->id, call.path, request.body_bytes(),
                     call.request_id);
}

class WaitingTarget final : public Target {
 public:
  explicit WaitingTarget(Turns& turns) : turns_(turns) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                CallReport&) override {
    co_await turns_.wait("target");
    response.status = 200;
    response.body = seen(permit.request(), call);
    co_return {};
  }

 private:
  Turns& turns_;
};

class WaitingTransaction final : public TransactionalTarget {
 public:
  explicit WaitingTransaction(Turns& turns) : turns_(turns) {}
  net::Task<Verdict<Permit>> call(std::shared_ptr<DeferredDecision> decision, const Call& call,
                                  Response& response, CallReport& report) override {
    co_await turns_.wait("transaction");
    json::Document row;
    write_owner(decision->request(), row);
    auto permit = decision->decide(row, report.detail);
    if (permit) {
      response.status = 200;
      response.body = seen(decision->request(), call);
      EXPECT_FALSE(decision->decide(row, report.detail)) << "a decision gives one permit";
    }
    co_return permit;
  }

 private:
  Turns& turns_;
};

// Reads an event only after it has waited.
class WaitingSink final : public AuditSink {
 public:
  explicit WaitingSink(Turns& turns) : turns_(turns) {}
  bool accepting() const override { return true; }
  void record(const Event&) override {}
  net::Task<Result<>> record_durably(const Event& event, MonotonicTime) override {
    co_await turns_.wait("record");
    std::string line =
        fmt::format("{} {} {} {}", event.user_id, event.request_id, event.trace_id, event.route);
    for (const Attribute& attribute : event.resource)
      line += fmt::format(" {}={}", attribute.name, attribute.value);
    intents.push_back(std::move(line));
    co_return Result<>();
  }
  void keep_original(std::string_view, unsigned, std::string_view, std::string_view,
                     std::span<const std::string_view>) override {}

  std::vector<std::string> intents;

 private:
  Turns& turns_;
};

// Keys are taken down as they were claimed.
class CountedLimits final : public LimitStore {
 public:
  bool take(std::span<const LimitClaim> claims, MonotonicTime, std::span<LimitState> states) override {
    for (std::size_t i = 0; i < claims.size(); ++i) {
      keys.emplace_back(claims[i].key);
      states[i] = {.allowed = true, .remaining = 9};
    }
    return true;
  }
  std::vector<std::string> keys;
};

// One request, from its bytes to its answer.
struct Asked {
  Asked(Turns& turns, const std::string& who, int order, const std::string& note)
      : body(turns, fmt::format(R"({{"note": "partner:{}"}})", note)) {
    text = fmt::format(
        "PUT /orders/{} HTTP/1.1\r\nHost: h\r\nX-Key: {}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n",
        order, who, body.arrived_bytes());
    peer.address = *IpAddress::parse("203.0.113.9");
    peer.text = "203.0.113.9";
  }
  std::string outcome() const {
    if (!answered) return "waits";
    return answered->refusal ? std::string(facts_of(answered->refusal->reason).name)
                             : std::string(answered->released.body());
  }

  std::string text;
  WaitingBody body;
  Peer peer;
  Exchange exchange;
  http::RequestParser parser;
  std::optional<Answered> answered;
};

enum class Finds : std::uint8_t { before_the_call, in_the_transaction };

class Interleaved : public ::testing::TestWithParam<Finds> {
 protected:
  Interleaved() : runner_(parts(), limits_, sink_, clock_) {}

  Parts parts() {
    Parts parts;
    parts.policy = policy_;
    parts.schemes.push_back(std::make_unique<WaitingScheme>(turns_, *policy_));
    OperationParts& operation = parts.operations.emplace_back();
    if (GetParam() == Finds::in_the_transaction) {
      operation.target = std::make_unique<WaitingTransaction>(turns_);
    } else {
      operation.target = std::make_unique<WaitingTarget>(turns_);
      operation.lookup = std::make_unique<WaitingLookup>(turns_);
    }
    operation.on_hang_up = net::OnHangUp::finish;
    parts.loop = &loop_;
    return parts;
  }

  // Until each waits, and then the one after the other from port to port.
  void run(std::vector<Asked*> all) {
    for (Asked* const one : all) {
      one->exchange.begin(policy_, one->peer);
      ASSERT_EQ(one->parser.parse(one->text, one->exchange.head), http::Progress::complete);
      ASSERT_TRUE(arrive(one->exchange, served_, clock_, entropy_));
      net::testing::start(loop_, runner_.answer(one->exchange, one->body), one->answered);
    }
    do {
      for (int i = 0; i < 4; ++i) loop_.poll();
    } while (turns_.next());
    // A refusal that hides the object waits for its time.
    for (int i = 0; i < 50; ++i) {
      clock_.advance(std::chrono::milliseconds(1));
      loop_.poll();
    }
  }
  static std::string right_outcome(const Asked& asked, std::string_view who, int order) {
    return fmt::format(R"(partner:{} /orders/{} {{"note": "partner:{}"}} {})", who, order, who,
                       asked.exchange.id->text());
  }

  ManualClock clock_;
  const http::ServedNames served_ = [] {
    http::ServedNames names{443};
    EXPECT_TRUE(names.add("h"));
    return names;
  }();
  SystemEntropy entropy_;
  net::Loop loop_{clock_};
  Turns turns_{loop_};
  std::shared_ptr<const policy::PolicySet> policy_ = policy::testing::policy_of(kOrdersSettings, kOrdersApi);
  CountedLimits limits_;
  WaitingSink sink_{turns_};
  Runner runner_;
};

TEST_P(Interleaved, RequestsSeeNothingOfEachOther) {
  Asked ann(turns_, "ann", 1, "ann"), bob(turns_, "bob", 2, "bob");
  run({&ann, &bob});
  EXPECT_EQ(ann.outcome(), right_outcome(ann, "ann", 1));
  EXPECT_EQ(bob.outcome(), right_outcome(bob, "bob", 2));
  const std::vector<std::string> ports =
      GetParam() == Finds::before_the_call
          ? std::vector<std::string>{"keys",   "keys",   "body",   "body",   "object",
                                     "object", "record", "record", "target", "target"}
          : std::vector<std::string>{"keys",   "keys",   "body",        "body",
                                     "record", "record", "transaction", "transaction"};
  EXPECT_EQ(turns_.passed, ports);
  const auto intent_of = [&](const Asked& asked, std::string_view who, int order) {
    return fmt::format("partner:{} {} {} /orders/{{id}} id={}", who, asked.exchange.id->text(),
                       std::string_view(asked.exchange.trace.trace_id_text().data(), 32), order);
  };
  EXPECT_EQ(sink_.intents, (std::vector{intent_of(ann, "ann", 1), intent_of(bob, "bob", 2)}));
  EXPECT_NE(limits_.keys.end(), std::ranges::find_if(limits_.keys, [](const std::string& key) {
              return key.contains("partner:ann");
            }));
}

TEST_P(Interleaved, OneThatMayNotIsRefusedAndTheOtherIsNot) {
  Asked ann(turns_, "ann", 1, "ann"), bob(turns_, "bob", 1, "bob");
  run({&bob, &ann});
  EXPECT_EQ(bob.outcome(), "condition_false");
  EXPECT_EQ(ann.outcome(), right_outcome(ann, "ann", 1));
}

TEST_P(Interleaved, AdmittingAsksNothingBehindTheGates) {
  Asked ann(turns_, "ann", 1, "ann");
  ann.exchange.begin(policy_, ann.peer);
  ASSERT_EQ(ann.parser.parse(ann.text, ann.exchange.head), http::Progress::complete);
  ASSERT_TRUE(arrive(ann.exchange, served_, clock_, entropy_));
  std::optional<Verdict<Input>> admitted;
  net::testing::start(loop_, runner_.admit(ann.exchange, ann.body), admitted);
  do {
    for (int i = 0; i < 4; ++i) loop_.poll();
  } while (turns_.next());
  ASSERT_TRUE(admitted && *admitted);
  EXPECT_EQ((*admitted)->operation().name, "changeOrder");
  EXPECT_EQ((*admitted)->principal()->id, "partner:ann");
  EXPECT_EQ((*admitted)->request().body_bytes(), R"({"note": "partner:ann"})");
  EXPECT_EQ(turns_.passed, (std::vector<std::string>{"keys", "body"}));
}

TEST_P(Interleaved, ARunnerIsNotMadeWithAnOperationThatNothingAnswers) {
  Parts null = parts();
  std::visit([](auto& target) { target = nullptr; }, null.operations.front().target);
  EXPECT_THROW(Runner(std::move(null), limits_, sink_, clock_), std::logic_error);
  Parts fewer = parts();
  fewer.operations.clear();
  EXPECT_THROW(Runner(std::move(fewer), limits_, sink_, clock_), std::logic_error);
}

INSTANTIATE_TEST_SUITE_P(Objects, Interleaved,
                         ::testing::Values(Finds::before_the_call, Finds::in_the_transaction),
                         [](const auto& one) {
                           return one.param == Finds::before_the_call ? "BeforeTheCall" : "InTheTransaction";
                         });

}  // namespace
}  // namespace gatehouse::gate
