// One request to an upstream and its answer, over real connections: requests that are repeated and those that
// are not, interim answers, and everything that an upstream may send in place of an answer.
#include "target/testing.h"

namespace gatehouse::target {
namespace {

using namespace std::chrono_literals;
using testing::Exchanges;
using testing::Fixed;
using ::testing::HasSubstr;
using testing::kLeaves;
using testing::kOk;
using ::testing::Not;
using testing::Turn;

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
      EXPECT_EQ(asked.body(), "ok") << piece;
      EXPECT_THAT(std::string(asked.response.fields.block()), Not(HasSubstr("Trailer")));
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

// ---- repeated requests ----

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
    EXPECT_EQ(asked.response.fields.block(), "");
    EXPECT_EQ(asked.body(), "ok");
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

// ---- malformed answers ----

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
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& answer : {chunked + "2\r\nok\r\n", chunked + "2\r\no", chunked + "2\r\nok\r\n0\r\n",
                                    std::string("Content-Length: 3\r\n\r\nok")}) {
    will({{"HTTP/1.1 200 OK\r\n" + answer, Turn::Then::close}});
    const Asked begun = ask();
    EXPECT_TRUE(begun.rest == "broken" || begun.outcome == "upstream_malformed") << answer;
    will({{"HTTP/1.1 409 Conflict\r\n" + answer, Turn::Then::close}});
    const Asked asked = ask();
    EXPECT_EQ(asked.outcome, "upstream_malformed") << answer;
    EXPECT_EQ(std::string(asked.report.detail), "the upstream's answer has no end");
    EXPECT_TRUE(asked.response.body.empty()) << "half an answer is none";
  }
}

TEST_F(Exchanges, AreLateWhenTheirTimeIsOverAndAreNotRepeatedThen) {
  // An error's body is collected, so the time is its body's too.
  for (const char* begun : {"", "HTTP/1.1 200", "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nok",
                            "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"}) {
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

// ---- fields that leave ----

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
  EXPECT_EQ(asked.response.fields.block(), "Content-Type: text/plain\r\nETag: \"7\"\r\n");
  EXPECT_EQ(asked.response.fields.value(http::FieldId::content_type), "text/plain");
  EXPECT_TRUE(asked.report.whole_head.empty()) << "of a success nothing is kept";
}

TEST_F(Exchanges, ShowOperatorsTheWholeHeadOfAnErrorWithoutItsSessions) {
  will("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nServer: leaky\r\nSet-Cookie: session=secret\r\n\r\n");
  const Asked asked = ask();
  EXPECT_EQ(asked.report.whole_head.block(),
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
    EXPECT_EQ(std::string(ask().response.fields.block()), "Location: " + leaves + "\r\n");
  }
}

}  // namespace
}  // namespace gatehouse::target
