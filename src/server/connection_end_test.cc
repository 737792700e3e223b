// How connections end: clients that leave at every stage, that stop reading or read slowly, and a server that
// drains or stops. In every case each request leaves one event, and it is true.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/connection.h"
#include "server/testing.h"

namespace gatehouse::server::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kAsk = "GET /items HTTP/1.1\r\nHost: api.example\r\n\r\n";
constexpr std::string_view kOrder =
    "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
    "Content-Length: 12\r\n\r\n{\"note\":\"a\"}";
const std::string kLarge(4'000'000, 'x');  // more than a socket's buffers hold

enum class Leaves : std::uint8_t { closes, half_closes };
void leave(TestServer& server, TestClient& client, Leaves how) {
  how == Leaves::closes ? client.close() : client.finish_sending();
  server.turn();
}

// ---- the client leaves

class ClientLeaves : public ::testing::TestWithParam<Leaves> {};
INSTANTIATE_TEST_SUITE_P(, ClientLeaves, ::testing::Values(Leaves::closes, Leaves::half_closes),
                         [](const auto& how) {
                           return how.param == Leaves::closes ? "ByClosing" : "ByHalfClosing";
                         });

TEST_P(ClientLeaves, BeforeTheFirstByte) {
  TestServer server;
  TestClient client = server.connect();
  leave(server, client, GetParam());
  EXPECT_THAT(server.events.lines, IsEmpty());
  EXPECT_EQ(server.open(), 0U);
}

TEST_P(ClientLeaves, WithinAHead) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, kAsk.substr(0, 20));
  leave(server, client, GetParam());
  EXPECT_THAT(server.events.lines, ElementsAre("connection refused 0 client_gone"));
  EXPECT_EQ(server.open(), 0U);
}

TEST_P(ClientLeaves, WithinABody) {
  const std::string chunked = std::string(kOrder.substr(0, kOrder.find("Content-Length"))) +
                              "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"no";
  for (const std::string& half : {std::string(kOrder.substr(0, kOrder.size() - 4)), chunked}) {
    TestServer server;
    TestClient client = server.connect();
    server.send(client, half);
    leave(server, client, GetParam());
    EXPECT_THAT(server.events.lines, ElementsAre("request failed 0 client_gone"));
    EXPECT_EQ(server.backend.begun, 0);
    EXPECT_EQ(server.open(), 0U);
  }
}

TEST_P(ClientLeaves, WhileWhatOnlyReadsIsUnderWay) {
  TestServer server;
  server.backend.holds = true;
  TestClient client = server.connect();
  server.send(client, kAsk);
  EXPECT_EQ(server.backend.begun, 1);
  leave(server, client, GetParam());
  EXPECT_THAT(server.events.lines, ElementsAre("request failed 0 client_gone"));
  server.backend.let_go();
  server.turn();
  EXPECT_EQ(server.backend.finished, 0) << "it was cancelled";
  EXPECT_EQ(server.open(), 0U);
}

TEST_P(ClientLeaves, WhileWhatChangesSomethingIsUnderWay) {
  TestServer server;
  server.backend.holds = true;
  TestClient client = server.connect();
  server.send(client, kOrder);
  leave(server, client, GetParam());
  EXPECT_THAT(server.events.lines, IsEmpty()) << "it goes on";
  server.backend.let_go();
  server.turn();
  EXPECT_EQ(server.backend.finished, 1);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 0 client_gone"));
  EXPECT_EQ(server.open(), 0U);
}

TEST_P(ClientLeaves, WhileAnAnswerGoesOn) {
  TestServer server;
  const auto flow = server.backend.stream();
  TestClient client = server.connect();
  server.send(client, kAsk);
  flow->give("a piece");
  server.turn();
  leave(server, client, GetParam());
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 client_gone"));
  EXPECT_TRUE(flow->dropped);
  EXPECT_EQ(server.open(), 0U);
}

// The rest of a changing operation's answer is read to its end, so that the upstream completes it.
TEST_P(ClientLeaves, WhileTheAnswerOfAChangeGoesOn) {
  TestServer server;
  const auto flow = server.backend.stream();
  TestClient client = server.connect();
  server.send(client, kOrder);
  flow->give("a piece");
  server.turn();
  leave(server, client, GetParam());
  EXPECT_FALSE(flow->dropped);
  EXPECT_THAT(server.events.lines, IsEmpty());
  flow->give("another");
  flow->end();
  server.turn();
  EXPECT_TRUE(flow->dropped);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 client_gone"));
  EXPECT_EQ(server.open(), 0U);
}

TEST_P(ClientLeaves, AfterItsAnswer) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, kAsk);
  server.read(client);
  leave(server, client, GetParam());
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
  EXPECT_EQ(server.open(), 0U);
}

TEST(ConnectionEnd, ACloseWhileAnAnswerIsWrittenIsInItsEvent) {
  TestServer server;
  server.backend.answer = kLarge;
  TestClient client = server.connect();
  server.send(client, kAsk);
  EXPECT_THAT(server.events.lines, IsEmpty()) << "the client has not read it";
  client.close();
  server.turn();
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 client_gone"));
  EXPECT_EQ(server.open(), 0U);
}

// What a client pipelines meanwhile could hide that it leaves: beyond a bound it is not kept.
TEST(ConnectionEnd, AClientThatPipelinesWithoutEndGetsTheAnswerUnderWayAndNoOther) {
  TestServer server;
  server.backend.holds = true;
  TestClient client = server.connect();
  server.send(client, kAsk);
  std::string many;
  while (many.size() < 100'000) many += kAsk;
  std::size_t sent = 0;
  while (sent < 2'000'000) {
    sent += client.send(many);
    server.pass(1s);
  }
  EXPECT_EQ(server.backend.begun, 1);
  server.backend.let_go();
  server.read(client);
  const auto answers = answers_in(client.received);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].fields.at("Connection"), "close");
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
}

TEST(ConnectionEnd, ARequestThatIsPipelinedBehindASlowOneIsAnsweredHoweverLongThatTakes) {
  TestServer server;
  server.backend.holds = true;
  TestClient client = server.connect();
  constexpr std::size_t kMany = 300;  // 12 KiB
  std::string many;
  for (std::size_t i = 0; i < kMany; ++i) many += kAsk;
  server.send(client, kOrder);
  server.send(client, many);
  for (int i = 0; i < 8; ++i) server.pass(1s);
  server.backend.let_go();
  server.read(client);
  EXPECT_EQ(statuses_in(client.received), std::vector<unsigned>(kMany + 1, 200));
}

// ---- clients that read slowly or not at all

TEST(ConnectionEnd, AClientThatStopsReadingIsCutAfterItsTime) {
  TestServer server;
  server.backend.answer = kLarge;
  TestClient client = server.connect();
  server.send(client, kAsk);
  const auto worth = 4s;  // of the 32 KiB that wait, not of the whole answer
  server.pass(29s + worth);
  EXPECT_THAT(server.events.lines, IsEmpty());
  server.pass(3s);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 client_slow"));
  EXPECT_EQ(server.open(), 0U);
}

TEST(ConnectionEnd, AClientThatReadsSlowlyButSteadilyHasItsWholeAnswer) {
  TestServer server;
  const auto flow = server.backend.stream();
  TestClient client = server.connect(TestServer::Buffer::small);
  server.send(client, kAsk);
  const std::string piece(1'000'000, 'y');
  flow->give(piece);
  flow->end();
  // 16 KiB each second: more than twice `answer` in all.
  for (int seconds = 0; seconds < 90; ++seconds) {
    client.read(16'384);
    server.pass(1s);
  }
  server.read(client);
  EXPECT_EQ(answers_in(client.received).at(0).body, "{}" + piece);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
}

TEST(ConnectionEnd, AClientThatTricklesIsCut) {
  TestServer server;
  const auto flow = server.backend.stream();
  TestClient client = server.connect(TestServer::Buffer::small);
  server.send(client, kAsk);
  flow->give(std::string(1'000'000, 'y'));
  int seconds = 0;
  for (; seconds < 200 && server.events.lines.empty(); ++seconds) {
    client.read(1024);
    server.pass(1s);
  }
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 client_slow"));
  EXPECT_LT(seconds, 60);
}

// ---- a drain

TEST(Drain, LetsARequestFinishAndClosesBehindIt) {
  TestServer server;
  server.backend.holds = true;
  TestClient client = server.connect();
  server.send(client, kAsk);
  server.worker->drain([] {});
  server.pass(39s);
  server.backend.let_go();
  server.read(client);
  EXPECT_EQ(answers_in(client.received).at(0).fields.at("Connection"), "close");
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
}

TEST(Drain, AnswersARequestThatWasOnItsWayAndNoLaterOne) {
  for (const bool in_time : {true, false}) {
    TestServer server;
    TestClient client = server.connect();
    server.send(client, kAsk);
    EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{200}));
    server.worker->drain([] {});
    server.pass(in_time ? 1s : 2s);
    client.send(kAsk);
    server.read(client);
    EXPECT_EQ(statuses_in(client.received).size(), in_time ? 2U : 1U);
    EXPECT_TRUE(client.ended);
    EXPECT_EQ(server.events.lines.size(), in_time ? 2U : 1U);
  }
}

TEST(Drain, RefusesAtItsEndWhatHasNotFinished) {
  for (const std::string_view request : {kAsk, kOrder}) {
    TestServer server;
    server.backend.holds = true;
    TestClient client = server.connect();
    server.send(client, request);
    server.worker->drain([] {});
    server.pass(41s);
    EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{503}));
    EXPECT_TRUE(client.ended);
    EXPECT_THAT(server.events.lines, ElementsAre("request refused 503 draining"));
    EXPECT_EQ(server.backend.finished, 0);
  }
}

TEST(Drain, CutsAtItsEndAnAnswerThatGoesOn) {
  TestServer server;
  const auto flow = server.backend.stream();
  TestClient client = server.connect();
  server.send(client, kAsk);
  flow->give("a piece");
  server.turn();
  server.worker->drain([] {});
  server.pass(41s);
  server.read(client);
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 draining"));
}

// The pull before it has ended, and neither a deadline nor a disconnect ends it again.
TEST(Drain, CutsAtItsEndAnAnswerWhosePieceWaitsForRoom) {
  for (const bool client_leaves : {false, true}) {
    TestServer server;
    const auto flow = server.backend.stream();
    TestClient client = server.connect();
    server.send(client, kAsk);
    server.worker->drain([] {});
    server.pass(20s);
    flow->give(kLarge);
    server.turn();
    server.pass(20s);
    EXPECT_THAT(server.events.lines, IsEmpty());
    client_leaves ? client.close() : server.stop();
    server.turn();
    EXPECT_THAT(server.events.lines, ElementsAre(client_leaves ? "request allowed 200 client_gone"
                                                               : "request allowed 200 draining"));
  }
}

TEST(Drain, IsDoneWhenTheLastConnectionHasEndedAndWaitsForNothingElse) {
  TestServer server;
  server.backend.holds = true;
  TestClient client = server.connect();
  server.send(client, kAsk);
  net::spawn(server.loop,
             [](net::Loop& loop) -> net::Task<void> { co_await net::sleep_for(loop, 1h); }(server.loop));
  bool done = false;
  server.worker->drain([&] { done = true; });
  server.pass(2s);
  EXPECT_FALSE(done);
  server.backend.let_go();
  server.read(client);
  client.close();
  server.turn();
  EXPECT_TRUE(done) << "no time has to pass";
}

TEST(Drain, IsDoneAMomentAfterItsEndWhateverIsLeft) {
  TestServer server;
  server.backend.answer = kLarge;
  TestClient client = server.connect(TestServer::Buffer::small);
  server.send(client, kAsk);
  bool done = false;
  server.worker->drain([&] { done = true; });
  for (int seconds = 0; seconds < 40; ++seconds) {
    client.read(8192);  // just fast enough
    server.pass(1s);
  }
  EXPECT_FALSE(done);
  server.pass(1s);
  EXPECT_TRUE(done);
  server.stop();
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200 draining"));
}

// ---- bugs

TEST(ConnectionEnd, ABugWhileAnAnswerIsWrittenIsInItsOneEvent) {
  for (const std::string_view request : {kAsk, kOrder}) {
    TestServer server;
    const auto flow = server.backend.stream();
    TestClient client = server.connect();
    server.send(client, request);
    flow->give("a piece");
    server.turn();
    flow->throw_now();
    server.read(client);
    EXPECT_TRUE(client.ended);
    EXPECT_FALSE(client.received.ends_with("0\r\n\r\n"));
    EXPECT_THAT(server.events.lines, ElementsAre("request failed 200 internal_error"));
    EXPECT_THAT(server.events.details, ElementsAre("the source has a bug"));
    EXPECT_EQ(server.open(), 0U);
  }
}

// ---- the worker stops, at any time

TEST(WorkerStop, LeavesOneEventForEachRequestWhateverItWaitsFor) {
  const auto stopped = [](std::string_view sent, const std::function<void(TestServer&)>& prepare) {
    TestServer server;
    prepare(server);
    TestClient client = server.connect();
    server.send(client, sent);
    server.stop();
    EXPECT_EQ(server.open(), 0U);
    return server.events.lines;
  };
  const auto plainly = [](TestServer&) {};
  EXPECT_THAT(stopped("", plainly), IsEmpty());
  EXPECT_THAT(stopped(kOrder.substr(0, kOrder.size() - 2), plainly),
              ElementsAre("request refused 0 draining"));
  EXPECT_THAT(stopped(kAsk, [](TestServer& server) { server.backend.holds = true; }),
              ElementsAre("request refused 0 draining"));
  EXPECT_THAT(stopped(kAsk, [](TestServer& server) { server.backend.answer = kLarge; }),
              ElementsAre("request allowed 200 draining"));
  EXPECT_THAT(stopped(kAsk, [](TestServer& server) { (void)server.backend.stream(); }),
              ElementsAre("request allowed 200 draining"));
  EXPECT_THAT(stopped(kAsk, plainly), ElementsAre("request allowed 200"));
  EXPECT_THAT(stopped(kAsk.substr(0, 9), plainly), ElementsAre("connection refused 0 draining"));
}

// Bytes that could not be read as a request, after answers that fill the connection.
TEST(WorkerStop, LeavesTheEventOfWhatCouldNotBeReadAsARequest) {
  const auto ask = [](TestServer& server, TestClient& client) {
    server.send(client, kAsk);
    server.turn();
    return server.events.lines.size();
  };
  std::size_t fit = 0;  // answers that a client has not to read
  {
    TestServer server;
    TestClient client = server.connect(TestServer::Buffer::small);
    while (ask(server, client) > fit) ++fit;
  }
  TestServer server;
  TestClient client = server.connect(TestServer::Buffer::small);
  for (std::size_t i = 0; i < fit; ++i) ask(server, client);
  server.send(client, "BAD\r\n\r\n");
  server.turn();
  EXPECT_EQ(server.events.lines.size(), fit) << "the refusal waits for room";
  server.stop();
  ASSERT_EQ(server.events.lines.size(), fit + 1);
  EXPECT_EQ(server.events.lines.back(), "request refused 0 malformed_http");
}

}  // namespace
}  // namespace gatehouse::server::testing
