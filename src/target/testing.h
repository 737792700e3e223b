// For tests of requests to an upstream and its answers: an upstream with scripted answers, and a client of
// it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "client/testing.h"
#include "core/answer_rules.h"
#include "net/testing.h"
#include "target/upstream.h"

namespace gatehouse::gate {

// Stands for the gate that alone makes principals.
class Identifier {
 public:
  static IdentityPointer identity(std::string id, PrincipalKind kind, std::uint32_t authenticator) {
    Identity identity;
    identity.id = std::move(id);
    identity.kind = kind;
    identity.authenticator = authenticator;
    return std::make_shared<const FinishedIdentity>(std::move(identity));
  }
  static Principal principal(std::string id) {
    return {identity(std::move(id), PrincipalKind::anonymous, 0), {}, std::nullopt};
  }
  static Principal proven_by(std::uint32_t authenticator, std::vector<IdentityPointer> beside = {}) {
    return {identity("ann", PrincipalKind::key, authenticator), std::move(beside), std::nullopt};
  }
};

}  // namespace gatehouse::gate

namespace gatehouse::target::testing {

using namespace std::chrono_literals;
using net::Task;

using client::testing::kLeaves;
using client::testing::kOk;
using client::testing::Turn;

class Fixed final : public UpstreamHeadWriter {
 public:
  explicit Fixed(std::string_view method) : method_(method) {}
  Verdict<void> still_allowed() const override { return {}; }
  void write(std::string& out, const UpstreamAddress& address) const override {
    out += method_;
    out += " /x HTTP/1.1\r\nHost: " + address.host + "\r\n\r\n";
  }

 private:
  std::string_view method_;
};

class Exchanges : public ::testing::Test {
 protected:
  struct Asked {
    Response response;
    CallReport report;
    std::string outcome;  // the reason's name, or the status
    std::string rest;     // the result of `response.rest`; "broken" if it has no end
    std::string body() const { return rest == "broken" ? rest : std::string(response.body) + rest; }
  };

  Exchanges() { connect_to(64); }
  ~Exchanges() override { loop_.cancel_tasks(); }

  void connect_to(std::size_t connections) {
    client_ = std::make_shared<UpstreamClient>(loop_, connections);
    client_->name = "orders";
    client_->timeout = 10s;
    client::ConnectionPoolOptions options;
    options.host = "127.0.0.1";
    options.port = server_.endpoint().port;
    options.most_connections = connections;
    client_->addresses.push_back(
        {client::ConnectionPool::make(loop_, blocking_, options), "orders.test", "/base"});
  }

  // The next requests, in the order of their arrival on any connection.
  void will(std::deque<Turn> turns) { server_.will(std::move(turns)); }
  void will(std::string answer) { server_.will(std::move(answer)); }

  Asked ask(http::Method method = http::Method::get) {
    Asked asked;
    const Fixed writer(name(method));
    auto done = net::testing::run(loop_, target::ask(client_, asker_, method, writer, {}, net::Timer::kNever,
                                                     rules_, asked.response, asked.report));
    asked.outcome =
        done ? std::to_string(asked.response.status) : std::string(facts_of(done.error().reason).name);
    while (asked.response.rest) {
      const auto piece = net::testing::run(loop_, asked.response.rest->next());
      if (!piece) asked.rest = "broken";
      if (!piece || piece->empty()) break;
      asked.rest += *piece;
    }
    return asked;
  }
  // An answer of which nothing is taken yet.
  Response slow_answer() {
    Response response;
    CallReport report;
    const Fixed writer("GET");
    auto done = net::testing::run(loop_, target::ask(client_, asker_, http::Method::get, writer, {},
                                                     net::Timer::kNever, rules_, response, report));
    EXPECT_TRUE(done);
    EXPECT_TRUE(response.rest);
    return response;
  }
  std::string body_of(Response& response) {
    std::string all = response.body;
    for (;;) {
      const auto piece = net::testing::run(loop_, response.rest->next());
      if (!piece) return "broken";
      if (piece->empty()) return all;
      all += *piece;
    }
  }
  // More of the answer that is under way.
  Task<Result<>> send(std::string_view text) { return server_.send(text); }
  std::string outcome_of(std::string answer, http::Method method = http::Method::get) {
    will(std::move(answer));
    return ask(method).outcome;
  }

  AnswerRules rules_{.fields = {}, .cookies = {}, .inside = {{"orders.test", 80}}};
  ManualClock clock_;
  net::Loop loop_{clock_};
  net::BlockingPool blocking_{1, 10};
  std::shared_ptr<UpstreamClient> client_;
  FinishedIdentity nobody_{Identity()};
  Asker asker_{nobody_, *IpAddress::parse("203.0.113.9")};
  client::testing::ScriptedServer server_{loop_};
  int& connections_ = server_.connections;
  int& requests_ = server_.requests;
};

}  // namespace gatehouse::target::testing
