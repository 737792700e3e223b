// Connections before their first request, by listener, and the answers of the listeners without gates.
#include "server/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing.h"
#include "server/testing.h"

namespace gatehouse::server::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string page(std::string_view path, std::string_view host = "127.0.0.1:9443") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path, host);
}

// ---- the admin listener

TEST(AdminListener, AnswersBeforeAnyGateAndLeavesNoEvent) {
  TestServer server;
  server.events.accepts = false;  // the gates would refuse everything
  TestClient client = server.accept(ListenerKind::admin);
  server.send(client, page("/health/live") + page("/health/ready"));
  server.shared.state = State::serving;
  server.send(client, page("/health") + page("/nothing") + page("/health", "evil.example") +
                          "POST /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{200, 503, 200, 404, 421, 405}));
  const auto answers = answers_in(client.received);
  EXPECT_EQ(answers[0].body, "live\n");
  EXPECT_EQ(answers[1].body, "starting\n");
  EXPECT_EQ(answers[2].body, "ready\n");
  EXPECT_EQ(answers[2].fields.at("Cache-Control"), "no-store");
  EXPECT_EQ(answers[2].fields.at("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(server.events.lines, IsEmpty());
  EXPECT_EQ(server.backend.begun, 0);
}

TEST(AdminListener, ShowsADrainAndHoldsUpNone) {
  TestServer server;
  server.shared.state = State::serving;
  TestClient idle = server.accept(ListenerKind::admin);
  TestClient client = server.accept(ListenerKind::admin);
  bool done = false;
  server.shared.state = State::draining;
  server.worker->drain([&] { done = true; });
  server.turn();
  EXPECT_TRUE(done) << "no client is connected";
  server.send(client, page("/health/ready"));
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{503}));
  EXPECT_EQ(answers_in(client.received)[0].body, "draining\n");
  EXPECT_TRUE(client.ended);
}

TEST(AdminListener, HasPlacesOfItsOwn) {
  TestServer server;
  std::vector<TestClient> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(server.accept(ListenerKind::plaintext));
  TestClient admin = server.accept(ListenerKind::admin);
  server.send(admin, page("/health/live"));
  EXPECT_EQ(statuses_in(server.read(admin)), (std::vector<unsigned>{200}));
  EXPECT_THAT(server.events.lines, IsEmpty());
  for (int i = 0; i < 3; ++i) clients.push_back(server.accept(ListenerKind::admin));
  server.read(clients.back());
  EXPECT_TRUE(clients.back().ended);
  EXPECT_THAT(server.events.lines, ElementsAre("connection refused 0 too_many_connections"));
  EXPECT_THAT(server.events.details, ElementsAre("listen.admin"));
}

TEST(AdminListener, EndsAConnectionThatAsksForNothing) {
  TestServer server;
  TestClient client = server.accept(ListenerKind::admin);
  server.send(client, page("/health/live"));
  server.pass(11s);
  server.read(client);
  EXPECT_TRUE(client.ended);
  EXPECT_THAT(server.events.lines, IsEmpty());
}

// ---- the listener without TLS

TEST(PlaintextListener, LeavesOneEventAlsoWhenTheServerStopsBehindItsAnswer) {
  TestServer server;
  TestClient client = server.accept(ListenerKind::plaintext);
  server.send(client, "GET /items HTTP/1.1\r\nHost: api.example\r\n\r\n");
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{403}));
  EXPECT_THAT(server.events.lines, ElementsAre("request refused 403 plaintext"));
  server.stop();
  EXPECT_EQ(server.events.lines.size(), 1U);
}

TEST(PlaintextListener, RefusesOneConnectionTooMany) {
  TestServer server;
  std::vector<TestClient> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(server.accept(ListenerKind::plaintext));
  server.read(clients.back());
  EXPECT_TRUE(clients.back().ended);
  EXPECT_THAT(server.events.lines, ElementsAre("connection refused 0 too_many_connections"));
  EXPECT_THAT(server.events.details, ElementsAre("listen.http"));
  clients.front().close();
  server.turn();
  clients.push_back(server.accept(ListenerKind::plaintext));
  server.read(clients.back());
  EXPECT_FALSE(clients.back().ended) << "a place is free again";
}

// ---- handshakes

class HandshakeOf : public ::testing::Test {
 protected:
  static TestOptions options() {
    net::ServerTlsOptions tls;
    tls.certificate_pem = identity().certificate_pem();
    tls.private_key_pem = identity().key_pem();
    return {.settings = "trusted_proxies: [203.0.113.0/24]\n",
            .tls = *net::ServerTls::make(tls),
            .proxy_protocol = policy::ProxyProtocol::off};
  }
  static const net::testing::Identity& identity() {
    static const net::testing::Identity one("api.example", nullptr, "DNS:api.example");
    return one;
  }
};

TEST_F(HandshakeOf, AClientThatLeavesOrWaitsIsOneEvent) {
  for (const std::string_view sent : {"", "\x16\x03\x01", "GET / HTTP/1.1\r\nHost: api.example\r\n\r\n"}) {
    for (const bool closes : {true, false}) {
      TestServer server(options());
      TestClient client = server.accept(ListenerKind::gates);
      server.send(client, sent);
      if (closes) {
        client.close();
        server.turn();
      } else {
        server.pass(11s);
      }
      EXPECT_THAT(server.events.lines, ElementsAre("connection refused 0 handshake_failed")) << sent;
      EXPECT_EQ(server.open(), 0U);
    }
  }
}

net::Task<void> shake_and_ask(net::Stream& stream, std::shared_ptr<const net::ClientTls> tls,
                              std::string& received, bool& ended) {
  const auto shaken = co_await stream.connect_tls(std::move(tls), "api.example");
  if (!shaken) co_return;
  (void)co_await stream.write("GET /items HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n");
  auto reading = net::testing::read_all(stream);
  const auto all = co_await reading;
  if (all) received = *all;
  ended = true;
}

// 16 bytes and the announced part: IPv4, from 198.51.100.7:40000 to 192.0.2.1:443.
std::string proxy_header() {
  return std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16) +
         std::string("\xc6\x33\x64\x07\xc0\0\x02\x01\x9c\x40\x01\xbb", 12);
}

TEST_F(HandshakeOf, AProxysClientIsReadFromItsHeaderWhereverItIsSplit) {
  TestOptions with = options();
  with.proxy_protocol = policy::ProxyProtocol::required;
  const std::string header = proxy_header();
  net::ClientTlsOptions client_options;
  client_options.ca_pem = identity().certificate_pem();
  const auto client_tls = *net::ClientTls::make(client_options);
  for (std::size_t at = 1; at <= header.size(); ++at) {
    TestServer server(with);
    TestClient client = server.accept(ListenerKind::gates);
    server.send(client, header.substr(0, at));
    server.send(client, header.substr(at));
    net::Stream stream(server.loop, client.take_socket(), {});
    std::string received;
    bool ended = false;
    net::spawn(server.loop, shake_and_ask(stream, client_tls, received, ended));
    for (int turns = 0; turns < 1000 && !ended; ++turns) server.turn();
    ASSERT_TRUE(ended) << at;
    EXPECT_EQ(statuses_in(received), (std::vector<unsigned>{200})) << at;
    EXPECT_THAT(server.events.lines, ElementsAre("request allowed 200")) << at;
    EXPECT_THAT(server.events.clients, ElementsAre(*IpAddress::parse("198.51.100.7"))) << at;
    server.loop.cancel_tasks();
  }
}

TEST_F(HandshakeOf, AProxyThatEndsWithinItsHeaderIsOneEventAndOneThatSaysNothingIsNone) {
  TestOptions with = options();
  with.proxy_protocol = policy::ProxyProtocol::required;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{20}}) {
    TestServer server(with);
    TestClient client = server.accept(ListenerKind::gates);
    server.send(client, proxy_header().substr(0, size));
    client.finish_sending();
    server.turn();
    if (size == 0) {
      EXPECT_THAT(server.events.lines, IsEmpty());
    } else {
      EXPECT_THAT(server.events.lines, ElementsAre("connection refused 0 proxy_header"));
    }
    EXPECT_EQ(server.open(), 0U);
  }
}

}  // namespace
}  // namespace gatehouse::server::testing
