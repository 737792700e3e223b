// The bodies of an upstream's answers, over real connections: each piece is forwarded when it arrives.
#include "target/testing.h"

namespace gatehouse::target {
namespace {

using namespace std::chrono_literals;
using net::Task;
using testing::Exchanges;
using testing::kOk;
using testing::Turn;

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
  EXPECT_EQ(body_of(response), large);
  EXPECT_EQ(client_->held_bytes, 0U);
}

TEST_F(Exchanges, HoldNoMoreThanReadAheadForASlowClientWhoseTimeIsNotTheUpstreams) {
  const std::string large(3'000'000, 'x');
  client_->read_ahead = 100'000;
  will("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + large);
  Response response = slow_answer();
  net::testing::turn_until(loop_, [&] { return client_->held_bytes == client_->read_ahead; });
  clock_.advance(3 * client_->idle_timeout);
  for (int i = 0; i < 10; ++i) loop_.poll();
  EXPECT_EQ(client_->held_bytes, client_->read_ahead);
  EXPECT_EQ(client_->shares.used(), 1U);
  EXPECT_EQ(body_of(response), large) << "the client waited, and not the upstream";
  EXPECT_EQ(client_->shares.used(), 0U);
  EXPECT_EQ(client_->held_bytes, 0U);
}

TEST_F(Exchanges, HoldAtMostEightyKibibytesBesideWhatIsReadAhead) {
  for (const char* status : {"200 OK", "409 Conflict"}) {
    will("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 300000\r\n\r\n" +
         std::string(300'000, 'x'));
    Response response = slow_answer();
    EXPECT_LE(response.body.capacity(), std::size_t{80} << 10U) << status;
    if (response.status == 409) {
      EXPECT_GT(response.body.size(), std::size_t{64} << 10U) << "so much is waited for";
    }
    EXPECT_EQ(body_of(response).size(), 300'000U);
  }
}

TEST_F(Exchanges, TakeLessAheadTheMoreIsHeldForSlowClients) {
  client_->held_bytes = UpstreamBody::kHeldInAll;
  will("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  Response response = slow_answer();
  for (int i = 0; i < 50; ++i) loop_.poll();
  EXPECT_LE(client_->held_bytes - UpstreamBody::kHeldInAll, 2 * client::ExchangeBuffers::kSize);
  EXPECT_EQ(body_of(response).size(), 1'000'000U);
}

TEST_F(Exchanges, GoOnAsTheyComeWhateverTheFramingAndHoweverLongTheyTake) {
  struct Case {
    const char *head, *first, *second, *end;
  };
  for (const auto& [head, first, second, end] :
       {Case{"Transfer-Encoding: chunked", "5\r\ndata:\r\n", "2\r\n 1\r\n", "0\r\n\r\n"},
        Case{"Content-Length: 9", "data:", " 1", "23"}, Case{"Connection: close", "data:", " 1", ""}}) {
    will(std::string("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n") + head + "\r\n\r\n");
    Response response = slow_answer();
    EXPECT_TRUE(response.body.empty()) << "the head alone";
    const auto next_of = [&](std::string_view sent) {
      clock_.advance(client_->idle_timeout - 1s);
      for (int i = 0; i < 5; ++i) loop_.poll();
      EXPECT_TRUE(net::testing::run(loop_, send(sent)));
      const auto piece = net::testing::run(loop_, response.rest->next());
      return piece ? std::string(*piece) : piece.error().text;
    };
    EXPECT_EQ(next_of(first), "data:") << head;
    EXPECT_EQ(next_of(second), " 1") << head;
    if (*end == '\0') continue;
    EXPECT_EQ(next_of(end), *end == '2' ? "23" : "") << head;
  }
}

TEST_F(Exchanges, AreLateWhereTheUpstreamStopsInALargeBody) {
  will("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(200'000, 'x'));
  Response response = slow_answer();
  std::optional<Result<std::string_view>> piece;
  for (std::size_t taken = response.body.size(); taken < 200'000;) {
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
  clock_.advance(client_->idle_timeout);
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

}  // namespace
}  // namespace gatehouse::target
