// How a connection reads bytes: requests one after the other, in any pieces, and their bodies.
#include "server/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing.h"

namespace gatehouse::server::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

constexpr std::string_view kGet = "GET /items HTTP/1.1\r\nHost: api.example\r\n\r\n";
constexpr std::string_view kUnknown = "GET /nothing HTTP/1.1\r\nHost: api.example\r\n\r\n";
constexpr std::string_view kPost =
    "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
    "Content-Length: 12\r\n\r\n{\"note\":\"a\"}";
constexpr std::string_view kChunkedHead =
    "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";
const std::string kChunked = std::string(kChunkedHead) + "6\r\n{\"note\r\n6\r\n\":\"b\"}\r\n0\r\n\r\n";
const std::string kTrailers = std::string(kChunkedHead) + "C\r\n{\"note\":\"c\"}\r\n0\r\nX-After: 1\r\n\r\n";

std::string post_of(std::string_view body, std::string_view more = {}) {
  return fmt::format(
      "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n{}Content-Length: "
      "{}\r\n\r\n{}",
      more, body.size(), body);
}

std::string note_of(std::size_t size) { return R"({"note":")" + std::string(size - 11, 'x') + R"("})"; }

TEST(Connection, AnswersPipelinedRequestsInTheirOrderWithOneEventEach) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client,
              std::string(kGet) + std::string(kPost) + kChunked + std::string(kUnknown) + std::string(kGet));
  server.read(client);
  const auto answers = answers_in(client.received);
  EXPECT_EQ(statuses_in(client.received), (std::vector<unsigned>{200, 200, 200, 404, 200}));
  EXPECT_THAT(server.backend.bodies, ElementsAre("", "{\"note\":\"a\"}", "{\"note\":\"b\"}", ""));
  EXPECT_THAT(server.events.lines,
              ElementsAre("request allowed 200", "request allowed 200", "request allowed 200",
                          "request refused 404 no_such_operation", "request allowed 200"));
  ASSERT_EQ(answers.size(), server.events.request_ids.size());
  for (std::size_t i = 0; i < answers.size(); ++i)
    EXPECT_EQ(answers[i].fields.at("X-Request-Id"), server.events.request_ids[i]);
  EXPECT_EQ(server.open(), 1U) << "the connection stays";
  client.close();
  server.turn();
  EXPECT_EQ(server.open(), 0U);
  EXPECT_EQ(server.events.lines.size(), 5U) << "an idle connection that ends is no event";
}

struct Sent {
  std::string bytes;
  std::vector<unsigned> statuses;
  Lines events;
  std::vector<std::string> bodies;
};

const std::vector<Sent>& requests_to_split() {
  static const std::vector<Sent> all = {
      {std::string(kGet) + std::string(kGet),
       {200, 200},
       {"request allowed 200", "request allowed 200"},
       {"", ""}},
      {std::string(kPost) + std::string(kGet),
       {200, 200},
       {"request allowed 200", "request allowed 200"},
       {"{\"note\":\"a\"}", ""}},
      {kChunked + std::string(kGet),
       {200, 200},
       {"request allowed 200", "request allowed 200"},
       {"{\"note\":\"b\"}", ""}},
      // Trailers are not taken, and nothing behind them is read.
      {kTrailers + std::string(kGet), {400}, {"request refused 400 malformed_http"}, {}},
      {"GET /items HTTP/1.1\r\nHost : api.example\r\n\r\n",
       {400},
       {"request refused 400 malformed_http"},
       {}},
  };
  return all;
}

TEST(Connection, ReadsTheSameWhereverARequestIsSplit) {
  for (const Sent& sent : requests_to_split()) {
    for (std::size_t at = 1; at < sent.bytes.size(); ++at) {
      TestServer server;
      TestClient client = server.connect();
      server.send(client, sent.bytes.substr(0, at));
      server.send(client, sent.bytes.substr(at));
      ASSERT_EQ(statuses_in(server.read(client)), sent.statuses) << "split at " << at << ": " << sent.bytes;
      ASSERT_EQ(server.events.lines, sent.events) << "split at " << at << ": " << sent.bytes;
      ASSERT_EQ(server.backend.bodies, sent.bodies) << "split at " << at << ": " << sent.bytes;
    }
  }
}

TEST(Connection, ReadsTheSameByteForByte) {
  for (const Sent& sent : requests_to_split()) {
    TestServer server;
    TestClient client = server.connect();
    for (const char byte : sent.bytes) server.send(client, {&byte, 1});
    EXPECT_EQ(statuses_in(server.read(client)), sent.statuses) << sent.bytes;
    EXPECT_EQ(server.events.lines, sent.events) << sent.bytes;
    EXPECT_EQ(server.backend.bodies, sent.bodies) << sent.bytes;
  }
}

// Larger than the read buffer, smaller, and at its edge, each with a request behind it.
TEST(Connection, ReadsBodiesOfEverySizeAndTheRequestBehindThem) {
  constexpr std::size_t kBuffer = Worker::kBuffer;
  const std::size_t head = post_of(note_of(kBuffer - 200)).size() - (kBuffer - 200);
  for (const std::size_t size : {std::size_t{12}, kBuffer - head - 1, kBuffer - head, kBuffer - head + 1,
                                 kBuffer, kBuffer + 1, 3 * kBuffer, std::size_t{200'000}}) {
    const std::string body = note_of(size);
    for (const bool chunked : {false, true}) {
      TestServer server;
      TestClient client = server.connect();
      server.send(client, chunked
                              ? std::string(kChunkedHead) + fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", size, body)
                              : post_of(body));
      server.send(client, kGet);
      EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{200, 200})) << size;
      EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200", "request allowed 200")) << size;
      ASSERT_THAT(server.backend.bodies, ElementsAre(body, "")) << size;
      EXPECT_EQ(server.events.body_bytes[0].first, size);
    }
  }
}

std::string in_chunks(std::string_view body, std::size_t chunk) {
  std::string sent(kChunkedHead);
  for (; !body.empty(); body.remove_prefix(std::min(chunk, body.size())))
    sent += fmt::format("{:x}\r\n{}\r\n", std::min(chunk, body.size()), body.substr(0, chunk));
  return sent + "0\r\n\r\n";
}

// Decoded in place, and moved elsewhere without room: nothing is lost or taken twice.
TEST(Connection, ReadsChunksOfEverySizeInPiecesOfEverySizeAndTheRequestBehindThem) {
  constexpr std::size_t kBuffer = Worker::kBuffer;
  for (const std::size_t size : {std::size_t{12}, kBuffer / 2, kBuffer - 1024, kBuffer, 3 * kBuffer}) {
    std::string body = note_of(size);
    for (std::size_t i = 9; i + 2 < size; ++i) body[i] = static_cast<char>('a' + i % 26);
    for (const std::size_t chunk : {std::size_t{3}, std::size_t{1000}, kBuffer - 100, 4 * kBuffer}) {
      for (const std::size_t piece : {std::size_t{61}, std::size_t{5000}, std::string::npos}) {
        TestServer server;
        TestClient client = server.connect();
        const std::string sent = in_chunks(body, chunk) + std::string(kGet);
        for (std::string_view left = sent; !left.empty(); left.remove_prefix(std::min(piece, left.size())))
          server.send(client, left.substr(0, piece));
        ASSERT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{200, 200}))
            << size << " " << chunk;
        ASSERT_THAT(server.backend.bodies, ElementsAre(body, "")) << size << " " << chunk << " " << piece;
        EXPECT_EQ(server.events.body_bytes[0].first, size);
      }
    }
  }
}

TEST(Connection, TakesABodyInChunksUpToItsBoundAndNoFurther) {
  constexpr std::size_t kMost = std::size_t{256} << 10U;
  for (const std::size_t chunk : {std::size_t{1000}, kMost, 2 * kMost}) {
    TestServer server;
    TestClient client = server.connect();
    server.send(client, in_chunks(note_of(kMost), chunk));
    server.send(client, in_chunks(note_of(kMost + 1), chunk) + std::string(kGet));
    EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{200, 413})) << chunk;
    EXPECT_THAT(server.events.lines,
                ElementsAre("request allowed 200", "request refused 413 body_too_large"));
    ASSERT_EQ(server.backend.bodies.size(), 1U);
    EXPECT_EQ(server.backend.bodies[0].size(), kMost);
  }
}

TEST(Connection, EndsWhereARefusedBodyIsStillToCome) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, "POST /nothing HTTP/1.1\r\nHost: api.example\r\nContent-Length: 50\r\n\r\n{");
  server.read(client);
  const auto answers = answers_in(client.received);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status, 404U);
  EXPECT_EQ(answers[0].fields.at("Connection"), "close");
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, ElementsAre("request refused 404 no_such_operation"));
}

TEST(Connection, SkipsARefusedBodyThatIsHere) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, "POST /nothing HTTP/1.1\r\nHost: api.example\r\nContent-Length: 5\r\n\r\n12345" +
                          std::string(kGet));
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{404, 200}));
  EXPECT_FALSE(client.ended);
}

// ---- Expect: 100-continue (RFC 9110, section 10.1.1)

const std::string kExpecting =
    post_of(std::string(12, ' '), "Expect: 100-continue\r\n")
        .substr(0, post_of(std::string(12, ' '), "Expect: 100-continue\r\n").size() - 12);

TEST(Connection, AsksForABodyThatWaitsToBeAskedFor) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, kExpecting);
  EXPECT_EQ(server.read(client), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(server.events.lines, IsEmpty());
  server.send(client, R"({"note":"a"})");
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{100, 200}));
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
}

TEST(Connection, DoesNotAskForABodyThatIsHereOrThatItRefuses) {
  {
    TestServer server;
    TestClient client = server.connect();
    server.send(client, kExpecting + R"({"note":"a"})");
    EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{200}));
  }
  {
    TestServer server;
    TestClient client = server.connect();
    server.send(client,
                "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
                "Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n");
    EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{413}));
    EXPECT_TRUE(client.ended);
    EXPECT_THAT(server.events.lines, ElementsAre("request refused 413 body_too_large"));
  }
}

TEST(Connection, RecordsAClientThatLeavesWhenAskedForItsBody) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, kExpecting);
  EXPECT_EQ(server.read(client), "HTTP/1.1 100 Continue\r\n\r\n");
  client.close();
  server.turn();
  EXPECT_THAT(server.events.lines, ElementsAre("request failed 0 client_gone"));
  EXPECT_EQ(server.open(), 0U);
}

// ---- time

TEST(Connection, EndsWithoutAnEventWhenNoFurtherRequestComes) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, kGet);
  server.pass(59s);
  EXPECT_EQ(server.open(), 1U);
  server.pass(2s);
  EXPECT_EQ(server.open(), 0U);
  server.read(client);
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
}

TEST(Connection, RefusesAHeadThatComesTooSlowly) {
  TestServer server;
  TestClient client = server.connect();
  for (int i = 0; i < 3; ++i) {
    server.send(client, kGet.substr(static_cast<std::size_t>(i), 1));
    server.pass(4s);  // 10 s are for the whole of it
  }
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{400}));
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, ElementsAre("request refused 400 request_late"));
}

TEST(Connection, RefusesABodyThatComesTooSlowly) {
  for (const std::string& head :
       {std::string(kPost.substr(0, kPost.size() - 12)), std::string(kChunkedHead)}) {
    TestServer server;
    TestClient client = server.connect();
    server.send(client, head);
    for (int i = 0; i < 3; ++i) {
      server.send(client, "1");
      server.pass(7s);  // 20 s are for the whole of it
    }
    EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{400}));
    EXPECT_TRUE(client.ended);
    EXPECT_THAT(server.events.lines, ElementsAre("request refused 400 body_late"));
  }
}

TEST(Connection, LetsOthersHaveTheirTurnWhileOneClientPipelines) {
  TestServer server;
  TestClient many = server.connect();
  TestClient one = server.connect();
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += kGet;
  ASSERT_EQ(many.send(requests), requests.size());
  ASSERT_EQ(one.send(kUnknown), kUnknown.size());
  server.turn();
  const auto found = std::ranges::find(server.events.lines, "request refused 404 no_such_operation");
  ASSERT_NE(found, server.events.lines.end());
  EXPECT_LT(found - server.events.lines.begin(), 70);
  while (many.received.empty() || statuses_in(many.received).size() < 300) server.read(many);
  EXPECT_EQ(server.events.lines.size(), 301U);
}

// ---- answers

TEST(Connection, FramesAnAnswerThatGoesOnByWhatTheClientSpeaks) {
  for (const bool old : {false, true}) {
    TestServer server;
    const auto flow = server.backend.stream();
    server.backend.answer = "first,";
    TestClient client = server.connect();
    server.send(client, old ? "GET /items HTTP/1.0\r\nHost: api.example\r\n\r\n" : kGet);
    server.read(client);
    EXPECT_THAT(client.received, ::testing::HasSubstr("first,")) << "what is there goes at once";
    flow->give("second");
    server.read(client);
    EXPECT_THAT(client.received, ::testing::HasSubstr("second"));
    EXPECT_THAT(server.events.lines, IsEmpty()) << "it has not ended";
    flow->end();
    server.read(client);
    EXPECT_EQ(client.ended, old);
    if (old) {
      EXPECT_TRUE(client.received.ends_with("\r\n\r\nfirst,second"));
    } else {
      EXPECT_EQ(answers_in(client.received).at(0).body, "first,second");
    }
    EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200"));
    EXPECT_EQ(server.events.body_bytes[0].second, 12U);
  }
}

TEST(Connection, BreaksWhereAnAnswerDoesNotEndInOrder) {
  TestServer server;
  const auto flow = server.backend.stream();
  TestClient client = server.connect();
  server.send(client, kGet);
  flow->give("some");
  server.turn();
  flow->break_off({ErrorCode::closed, "the upstream closed within its answer"});
  server.read(client);
  EXPECT_TRUE(client.ended);
  EXPECT_FALSE(client.received.ends_with("0\r\n\r\n")) << "half an answer must not look whole";
  EXPECT_THAT(server.events.lines, ElementsAre("request failed 200 upstream_malformed"));
  EXPECT_TRUE(flow->dropped);
}

TEST(Connection, TurnsABugOfATargetIntoAnAnswerThatSaysNothingOfIt) {
  TestServer server;
  server.backend.throws = true;
  TestClient client = server.connect();
  server.send(client, kGet);
  server.read(client);
  EXPECT_EQ(statuses_in(client.received), (std::vector<unsigned>{500}));
  EXPECT_THAT(client.received, Not(::testing::HasSubstr("bug")));
  EXPECT_THAT(server.events.lines, ElementsAre("request failed 500 internal_error"));
  EXPECT_THAT(server.events.details, ElementsAre("the target has a bug"));
}

}  // namespace
}  // namespace gatehouse::server::testing
