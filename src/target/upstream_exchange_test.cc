// One request to an upstream and its answer, over real connections: what is repeated and what is not, interim
// answers, and everything that an upstream may send in place of an answer.
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/testing.h"
#include "target/upstream.h"

namespace gatehouse::target {
namespace {

using namespace std::chrono_literals;
using net::Task;
using ::testing::HasSubstr;
using ::testing::Not;

// What the upstream does with one request.
struct Turn {
  std::string answer;
  enum class Then : std::uint8_t { stay, close } then = Then::stay;
  std::size_t piece = std::string::npos;  // so many bytes at once
};

class Fixed final : public HeadWriter {
 public:
  explicit Fixed(std::string_view method) : method_(method) {}
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
    std::string rest;     // what came of `response.rest`; "broken" where it has no end
  };

  Exchanges() {
    listener_ = net::Listener::open(loop_, net::testing::loopback()).value();
    connect_to(64);
    spawn(loop_, accept());
  }
  ~Exchanges() override { loop_.cancel_tasks(); }

  void connect_to(std::size_t connections) {
    client_ = std::make_shared<UpstreamClient>(loop_, connections);
    client_->name = "orders";
    client_->timeout = 10s;
    UpstreamPoolOptions options;
    options.host = "127.0.0.1";
    options.port = listener_->endpoint().port;
    options.most_connections = connections;
    client_->addresses.push_back({UpstreamPool::make(loop_, blocking_, options), "orders.test", "/base"});
  }

  // The next requests, in the order of their arrival on whatever connection.
  void will(std::deque<Turn> turns) { turns_ = std::move(turns); }
  void will(std::string answer) { turns_ = {{std::move(answer)}}; }

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
  std::string rest_of(Response& response) {
    std::string all;
    for (;;) {
      const auto piece = net::testing::run(loop_, response.rest->next());
      if (!piece) return "broken";
      if (piece->empty()) return all;
      all += *piece;
    }
  }
  std::string outcome_of(std::string answer, http::Method method = http::Method::get) {
    will(std::move(answer));
    return ask(method).outcome;
  }

  AnswerRules rules_{.fields = {}, .cookies = {}, .inside = {{"orders.test", 80}}};
  ManualClock clock_;
  net::Loop loop_{clock_};
  net::BlockingPool blocking_{1, 10};
  std::shared_ptr<UpstreamClient> client_;
  Identity nobody_;
  Asker asker_{nobody_, *IpAddress::parse("203.0.113.9")};
  int connections_ = 0;
  int requests_ = 0;

 private:
  Task<void> accept() {
    for (;;) {
      auto one = co_await listener_->accept();
      if (!one) co_return;
      ++connections_;
      spawn(loop_, serve(std::make_unique<net::Stream>(loop_, std::move(one->socket), one->peer)));
    }
  }
  Task<void> serve(net::StreamPtr stream) {
    std::string received;
    char buffer[4096];
    for (;;) {
      const auto n = co_await stream->read(buffer);
      if (!n || *n == 0) co_return;
      received.append(buffer, *n);
      if (!received.ends_with("\r\n\r\n")) continue;
      received.clear();
      ++requests_;
      if (turns_.empty()) co_return;
      const Turn turn = std::move(turns_.front());
      turns_.pop_front();
      for (std::string_view left = turn.answer; !left.empty();) {
        const std::string_view piece = left.substr(0, turn.piece);
        const auto written = co_await stream->write(piece);
        if (!written) co_return;
        left.remove_prefix(piece.size());
        if (!left.empty()) co_await net::yield(loop_);
      }
      if (turn.then == Turn::Then::close) co_return;
    }
  }

  std::unique_ptr<net::Listener> listener_;
  std::deque<Turn> turns_;
};

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const Turn kLeaves{.answer = "", .then = Turn::Then::close};

// ---- the connection ----

TEST_F(Exchanges, FollowOneAnotherOnOneConnection) {
  will({{kOk}, {kOk}, {kOk}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(std::string(ask().response.body), "ok");
  EXPECT_EQ(connections_, 1);
}

TEST_F(Exchanges, AreReadWhereverTheirBytesArePartedAndWhateverTheyAreFramedBy) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX-Trailer: "
      "1\r\n\r\n";
  for (const std::string& answer : {std::string(kOk), chunked}) {
    for (const std::size_t piece : {1, 2, 3, 7, 50}) {
      will({{answer, Turn::Then::stay, piece}});
      const Asked asked = ask();
      EXPECT_EQ(asked.outcome, "200");
      EXPECT_EQ(std::string(asked.response.body), "ok") << piece;
      EXPECT_THAT(std::string(asked.response.fields), Not(HasSubstr("Trailer")));
    }
  }
  EXPECT_EQ(connections_, 1);
}

TEST_F(Exchanges, EndTheirConnectionWhereTheUpstreamSaysSoOrMoreCameThanWasAsked) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  int connections = 0;
  for (const std::string& answer :
       {head + "Connection: close\r\n\r\nok", std::string("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", std::string(kOk) + "x",
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 "
                    "OK\r\n\r\n")}) {
    will(answer);
    EXPECT_EQ(std::string(ask().response.body), "ok") << answer;
    EXPECT_EQ(connections_, ++connections) << answer;
  }
}

// ---- what is repeated ----

TEST_F(Exchanges, AreRepeatedOnceWhereTheKeptConnectionEndedAndAskingTwiceIsSafe) {
  using enum http::Method;
  for (const http::Method method : {get, head, put, delete_, options}) {
    const std::string answer = method == head ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : kOk;
    will({{kOk}, kLeaves, {answer}});
    ASSERT_EQ(ask().outcome, "200");
    EXPECT_EQ(ask(method).outcome, "200") << name(method);
    // The next begins on a connection that is kept: this one is spent.
    will({kLeaves, kLeaves});
    EXPECT_EQ(ask(post).outcome, "upstream_unreachable");
  }
}

TEST_F(Exchanges, AreNotRepeatedWhereAskingTwiceIsNotSafe) {
  for (const http::Method method : {http::Method::post, http::Method::patch}) {
    will({{kOk}, kLeaves, {kOk}});
    ASSERT_EQ(ask().outcome, "200");
    requests_ = 0;
    EXPECT_EQ(ask(method).outcome, "upstream_unreachable") << name(method);
    EXPECT_EQ(requests_, 1) << name(method);
  }
}

TEST_F(Exchanges, AreNotRepeatedOnceAByteOfTheAnswerCame) {
  will({{kOk}, {"H", Turn::Then::close}, {kOk}});
  ASSERT_EQ(ask().outcome, "200");
  EXPECT_EQ(ask().outcome, "upstream_unreachable");
  EXPECT_EQ(requests_, 2);
}

TEST_F(Exchanges, AreNotRepeatedOnceAnInterimAnswerCame) {
  will({{kOk}, {"HTTP/1.1 102 Processing\r\n\r\n", Turn::Then::close}, {kOk}});
  ASSERT_EQ(ask().outcome, "200");
  EXPECT_EQ(ask().outcome, "upstream_unreachable");
  EXPECT_EQ(requests_, 2);
}

TEST_F(Exchanges, AreNotRepeatedOnANewConnectionNorTwice) {
  will({kLeaves, {kOk}});
  EXPECT_EQ(ask().outcome, "upstream_unreachable");
  EXPECT_EQ(requests_, 1);

  will({{kOk}, kLeaves, kLeaves, {kOk}});
  ASSERT_EQ(ask().outcome, "200");
  requests_ = 0;
  EXPECT_EQ(ask().outcome, "upstream_unreachable");
  EXPECT_EQ(requests_, 2);
}

// ---- interim answers ----

TEST_F(Exchanges, PassOverInterimAnswersHoweverManyAndWithAllThatIsInThem) {
  std::string interim;
  for (const int status : {100, 102, 103, 199}) {
    interim += "HTTP/1.1 " + std::to_string(status) + " Wait\r\nX-Interim: 1\r\nSet-Cookie: a=b\r\n\r\n";
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{40}, std::string::npos}) {
    will({{interim + kOk, Turn::Then::stay, piece}});
    const Asked asked = ask();
    EXPECT_EQ(asked.outcome, "200");
    EXPECT_EQ(std::string(asked.response.fields), "");
    EXPECT_EQ(std::string(asked.response.body), "ok");
  }
  std::string many;
  while (many.size() < 200'000) many += "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  will(many + kOk);
  EXPECT_EQ(ask().outcome, "200");
  EXPECT_EQ(connections_, 1);
}

TEST_F(Exchanges, AreNoTunnels) {
  EXPECT_EQ(outcome_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
            "upstream_malformed");
  EXPECT_EQ(outcome_of("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 "), "upstream_malformed");
}

// ---- what is no answer ----

TEST_F(Exchanges, FailWhereTheAnswerCouldBeReadInTwoWays) {
  const auto with = [](const std::string& fields, const std::string& body = "ok") {
    return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
  };
  const std::string length = "Content-Length: 2\r\n";
  for (const std::string& answer :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string("<html>\r\n\r\n"),
        std::string("\r\n\r\n\r\n"), std::string("HTTP/2 200\r\n\r\n"), std::string("HTTP/1.1 20 OK\r\n\r\n"),
        std::string("HTTP/1.1 2000 OK\r\n\r\n"), std::string("HTTP/1.1 099 X\r\n\r\n"),
        std::string("HTTP/1.1 600 X\r\n\r\n"), std::string("HTTP/1.1  200 OK\r\n\r\n"),
        std::string("http/1.1 200 OK\r\n\r\n"),
        // Two lengths, or none that is a number.
        with(length + "Content-Length: 3\r\n"), with("Content-Length: 2, 3\r\n"),
        with("Content-Length: -2\r\n"), with("Content-Length: +2\r\n"), with("Content-Length: 0x2\r\n"),
        with("Content-Length:\r\n"), with("Content-Length: 18446744073709551618\r\n"),
        with(length + "Transfer-Encoding: chunked\r\n"), with("Transfer-Encoding: chunked, chunked\r\n"),
        with("Transfer-Encoding: xchunked\r\n"), with("Transfer-Encoding: chunked, gzip\r\n"),
        // A field that ends where it should not, or begins where another reader sees none: a second answer,
        // or a cookie.
        with("X-A: 1\rSet-Cookie: a=b\r\n" + length), with("X-A: 1\n\nHTTP/1.1 200 OK\r\n" + length),
        with("X-A: 1\r\n Set-Cookie: a=b\r\n" + length), with("X-A : 1\r\n" + length),
        with(": 1\r\n" + length), with("X A: 1\r\n" + length), with(std::string("X-A: \0\r\n", 8) + length),
        with("X-A\r\n" + length), with("X-A: \x7f\r\n" + length), with("\x01X: 1\r\n" + length)}) {
    EXPECT_EQ(outcome_of(answer), "upstream_malformed") << ::testing::PrintToString(answer);
  }
}

TEST_F(Exchanges, FailWhereTheHeadDoesNotEnd) {
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\nX-A: " + std::string(100'000, 'a')), "upstream_malformed");
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 2000; ++i) many += "a: b\r\n";
  EXPECT_EQ(outcome_of(many + "\r\n"), "upstream_malformed");
  will({{"HTTP/1.1 200 OK\r\nContent-Le", Turn::Then::close}});
  EXPECT_EQ(ask().outcome, "upstream_unreachable");
}

TEST_F(Exchanges, FailWhereTheBodyIsNoneOrHasNoEnd) {
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body :
       {"x\r\nok\r\n", "2;x=y\r\nok\r\n0\r\n\r\n", "-1\r\n", "2\r\nokay\r\n", "2\nok\n0\n\n",
        "fffffffffffffffff\r\n", "2 \r\nok\r\n", "0x2\r\nok\r\n0\r\n\r\n"}) {
    EXPECT_EQ(outcome_of(chunks + body), "upstream_malformed") << body;
  }
  for (const std::string& answer : {chunks + "2\r\nok\r\n", chunks + "2\r\no", chunks + "2\r\nok\r\n0\r\n",
                                    std::string("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok")}) {
    will({{answer, Turn::Then::close}});
    const Asked asked = ask();
    EXPECT_EQ(asked.outcome, "upstream_malformed") << answer;
    EXPECT_EQ(std::string(asked.report.detail), "the upstream's answer has no end");
    EXPECT_TRUE(asked.response.body.empty()) << "half an answer is none";
  }
}

TEST_F(Exchanges, AreLateWhenTheirTimeIsOverAndAreNotRepeatedThen) {
  for (const char* begun : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"}) {
    will({{kOk}, {begun}});
    ASSERT_EQ(ask().outcome, "200");
    const Fixed writer("GET");
    Response response;
    CallReport report;
    std::optional<Verdict<void>> done;
    requests_ = 0;
    net::testing::start(loop_,
                        target::ask(client_, asker_, http::Method::get, writer, {}, net::Timer::kNever,
                                    rules_, response, report),
                        done);
    net::testing::turn_until(loop_, [&] { return requests_ == 1; });
    for (int i = 0; i < 10; ++i) loop_.poll();
    EXPECT_FALSE(done);
    clock_.advance(client_->timeout);
    net::testing::turn_until(loop_, [&] { return done.has_value(); });
    ASSERT_FALSE(*done);
    EXPECT_EQ(done->error().reason, Reason::upstream_late) << begun;
    EXPECT_EQ(requests_, 1) << begun;
  }
}

// ---- bodies ----

TEST_F(Exchanges, HaveNoBodyWhereTheMethodOrTheStatusSaysSo) {
  will("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
  const Asked head = ask(http::Method::head);
  EXPECT_EQ(head.response.length, 12345U);
  EXPECT_TRUE(head.response.body.empty());
  for (const char* answer :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"}) {
    will(answer);
    const Asked asked = ask();
    EXPECT_TRUE(asked.response.body.empty() && !asked.response.rest) << answer;
  }
  EXPECT_EQ(connections_, 1);
}

TEST_F(Exchanges, StreamWhatIsLargeAndKeepTheConnectionOnlyAfterItsWholeEnd) {
  const std::string large(200'000, 'x');
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + large;
  const std::string chunks =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" + large + "\r\n0\r\n\r\n";
  will({{length}, {chunks}, {kOk}});
  for (int i = 0; i < 2; ++i) {
    const Asked asked = ask();
    ASSERT_TRUE(asked.response.rest);
    EXPECT_EQ(std::string(asked.response.body) + asked.rest, large);
  }
  EXPECT_EQ(ask().outcome, "200");
  EXPECT_EQ(connections_, 1);

  for (const std::string& more : {length + "x", chunks + "x"}) {
    connections_ = 0;
    will({{more}, {kOk}});
    EXPECT_EQ(ask().outcome, "200");
    EXPECT_EQ(ask().outcome, "200");
    EXPECT_EQ(connections_, 1) << "the second came on a new one";
  }
}

TEST_F(Exchanges, GiveTheConnectionBackBeforeASlowClientHasTakenTheAnswer) {
  const std::string large(200'000, 'x');
  will({{"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + large}, {kOk}});
  Response response = slow_answer();
  net::testing::turn_until(loop_, [&] { return client_->shares.used() == 0; });
  EXPECT_EQ(ask().outcome, "200") << "on the same connection, while nothing of the first was taken";
  EXPECT_EQ(connections_, 1);
  EXPECT_EQ(rest_of(response), large);
  EXPECT_EQ(client_->held_bytes, 0U);
}

TEST_F(Exchanges, HoldNoMoreThanReadAheadForASlowClientWhoseTimeIsNotTheUpstreams) {
  const std::string large(3'000'000, 'x');
  client_->read_ahead = 100'000;
  will("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + large);
  Response response = slow_answer();
  net::testing::turn_until(loop_, [&] { return client_->held_bytes == client_->read_ahead; });
  clock_.advance(3 * client_->timeout);
  for (int i = 0; i < 10; ++i) loop_.poll();
  EXPECT_EQ(client_->held_bytes, client_->read_ahead);
  EXPECT_EQ(client_->shares.used(), 1U);
  EXPECT_EQ(rest_of(response), large) << "the client waited, and not the upstream";
  EXPECT_EQ(client_->shares.used(), 0U);
  EXPECT_EQ(client_->held_bytes, 0U);
}

TEST_F(Exchanges, TakeLessAheadTheMoreIsHeldForSlowClients) {
  client_->held_bytes = UpstreamBody::kHeldInAll;
  will("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  Response response = slow_answer();
  for (int i = 0; i < 50; ++i) loop_.poll();
  EXPECT_LE(client_->held_bytes - UpstreamBody::kHeldInAll, 2 * Conversation::kBuffer);
  EXPECT_EQ(rest_of(response).size(), 1'000'000U);
}

TEST_F(Exchanges, AreLateWhereTheUpstreamStopsInALargeBody) {
  will("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(200'000, 'x'));
  Response response = slow_answer();
  std::optional<Result<std::string_view>> piece;
  for (std::size_t taken = 0; taken < 200'000;) {
    piece.reset();
    net::testing::start(loop_, response.rest->next(), piece);
    net::testing::turn_until(loop_, [&] { return piece.has_value(); });
    ASSERT_TRUE(*piece);
    taken += (*piece)->size();
  }
  piece.reset();
  net::testing::start(loop_, response.rest->next(), piece);
  for (int i = 0; i < 10; ++i) loop_.poll();
  EXPECT_FALSE(piece);
  clock_.advance(client_->timeout);
  net::testing::turn_until(loop_, [&] { return piece.has_value(); });
  ASSERT_FALSE(*piece);
  EXPECT_EQ(piece->error().code, ErrorCode::timeout);
}

TEST_F(Exchanges, MayBeDroppedAtAnyMomentOfALargeBody) {
  for (int turns = 0; turns < 30; ++turns) {
    will("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + std::string(400'000, 'x'));
    {
      Response response = slow_answer();
      std::optional<Result<std::string_view>> piece;
      net::Task<Result<std::string_view>> pulling = response.rest->next();
      {
        net::Task<void> waiting = net::testing::store(std::move(pulling), piece);
        net::start(waiting);
        for (int i = 0; i < turns; ++i) loop_.poll();
      }
    }
    for (int i = 0; i < 5; ++i) loop_.poll();
    EXPECT_EQ(client_->shares.used(), 0U);
    EXPECT_EQ(client_->held_bytes, 0U);
  }
}

// ---- shares ----

TEST_F(Exchanges, OfOneCallerLeaveConnectionsToTheOthers) {
  connect_to(4);
  will({{""}, {""}, {kOk}});
  const Fixed writer("GET");
  struct Slow {
    Response response;
    CallReport report;
    std::optional<Verdict<void>> done;
  } slow[5];
  for (Slow& one : slow) {
    net::testing::start(loop_,
                        target::ask(client_, asker_, http::Method::get, writer, {}, net::Timer::kNever,
                                    rules_, one.response, one.report),
                        one.done);
  }
  net::testing::turn_until(loop_, [&] { return requests_ == 2; });
  for (int i = 2; i < 5; ++i) {
    ASSERT_TRUE(slow[i].done && !*slow[i].done) << i;
    EXPECT_EQ(slow[i].done->error().reason, Reason::upstream_share);
  }
  EXPECT_EQ(ask().outcome, "upstream_share");
  asker_.address = *IpAddress::parse("198.51.100.7");
  EXPECT_EQ(ask().outcome, "200") << "another caller";
  clock_.advance(client_->timeout);
  net::testing::turn_until(loop_, [&] { return slow[0].done && slow[1].done; });
  EXPECT_EQ(client_->shares.used(), 0U);
}

TEST_F(Exchanges, ThatFailDoNotCloseTheUpstreamForTheOthers) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(outcome_of("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "upstream_malformed");
    will({kLeaves});
    EXPECT_EQ(ask(http::Method::post).outcome, "upstream_unreachable");
  }
  EXPECT_EQ(outcome_of(kOk), "200");
}

TEST_F(Exchanges, BreakOffWhereALargeBodyHasNoEnd) {
  const std::string large(200'000, 'x');
  for (const std::string& answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 200001\r\n\r\n" + large,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" + large + "\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" + large + "\r\nzz\r\n"}) {
    will({{answer, Turn::Then::close}});
    EXPECT_THAT(ask().rest, "broken");
  }
}

TEST_F(Exchanges, EndWithTheirConnectionWhereNothingElseSaysHowLongTheyAre) {
  will({{"HTTP/1.1 200 OK\r\n\r\nall of it", Turn::Then::close}});
  const Asked asked = ask();
  EXPECT_EQ(std::string(asked.response.body) + asked.rest, "all of it");
}

// ---- what leaves ----

TEST_F(Exchanges, LeaveBehindWhatConcernsTheConnectionAndWhatTellsOfTheUpstream) {
  will(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
      "Proxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: "
      "h2c\r\n"
      "Server: leaky\r\nX-Powered-By: php\r\nVia: 1.1 a\r\nDate: now\r\nX-Runtime: 1\r\nX-Debug-Token: 1\r\n"
      "Strict-Transport-Security: max-age=0\r\nX-Request-Id: theirs\r\nGatehouse-Principal: root\r\n"
      "Content-Security-Policy: none\r\nWWW-Authenticate: Basic\r\n"
      "Content-Type: text/plain\r\nETag: \"7\"\r\nX-Mine: 1\r\n\r\nok");
  const Asked asked = ask();
  EXPECT_EQ(std::string(asked.response.fields), "Content-Type: text/plain\r\nETag: \"7\"\r\n");
  EXPECT_TRUE(asked.response.has_content_type);
  EXPECT_TRUE(asked.report.whole_head.empty()) << "of a success nothing is kept";
}

TEST_F(Exchanges, ShowOperatorsTheWholeHeadOfAnErrorWithoutItsSessions) {
  will("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nServer: leaky\r\nSet-Cookie: session=secret\r\n\r\n");
  const Asked asked = ask();
  EXPECT_EQ(std::string(asked.report.whole_head),
            "Content-Length: 0\r\nServer: leaky\r\nSet-Cookie: [withheld]\r\n");
}

TEST_F(Exchanges, LeadBackToThisServerWhereTheyLeadToTheUpstreamsOwnAddress) {
  for (const auto& [location, leaves] : std::initializer_list<std::pair<std::string, std::string>>{
           {"http://orders.test/base/7?a=1", "/7?a=1"},
           {"https://orders.test/base", "/"},
           {"http://orders.test/other", "/other"},
           {"http://orders.test/basement", "/basement"},
           {"http://orders.test//evil.test/", "/"},
           {"http://orders.test/base//evil.test/", "/"},
           {"http://orders.test.evil.test/", "http://orders.test.evil.test/"},
           {"/7", "/7"}}) {
    will("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n");
    EXPECT_EQ(std::string(ask().response.fields), "Location: " + leaves + "\r\n");
  }
}

}  // namespace
}  // namespace gatehouse::target
