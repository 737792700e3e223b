// The answers of `listen.health`, and its events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing.h"

namespace gatehouse::server::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const std::string kHealth = "listen: {https: \"127.0.0.1:8443\", health: /healthz}\n";

std::string health(std::string_view host, std::string_view method = "GET", std::string_view more = {}) {
  return fmt::format("{} /healthz HTTP/1.1\r\nHost: {}\r\n{}\r\n", method, host, more);
}

TEST(Health, AnswersUnderAnyNameWithOneEventAMinute) {
  TestServer server({.listen = kHealth});
  TestClient client = server.connect();
  for (const char* host : {"api.example", "10.4.0.7:8443", "evil.example"}) server.send(client, health(host));
  server.send(client, health("10.4.0.7", "HEAD"));
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{204, 204, 204, 204}));
  EXPECT_THAT(server.events.lines, ElementsAre("health allowed 204"));
  client.received.clear();
  server.pass(59s);
  server.send(client, health("10.4.0.7"));
  server.read(client);
  EXPECT_EQ(server.events.lines.size(), 1U);
  server.pass(1s);
  server.send(client, health("10.4.0.7"));
  server.read(client);
  EXPECT_THAT(server.events.lines, ElementsAre("health allowed 204", "health allowed 204"));
  EXPECT_EQ(server.events.details.back(), "5 of these since the last event");
  EXPECT_EQ(server.backend.begun, 0);
}

TEST(Health, IsThatRequestAndNoOther) {
  TestServer server({.listen = kHealth});
  TestClient client = server.connect();
  for (const char* target : {"/healthz?a=1", "/healthz/", "/HEALTHZ", "/health"})
    server.send(client, fmt::format("GET {} HTTP/1.1\r\nHost: api.example\r\n\r\n", target));
  server.send(client, health("api.example", "POST"));
  server.send(client, health("api.example", "GET", "Content-Length: 1\r\n") + "x");
  server.send(client, "GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{404, 404, 404, 404, 404, 404, 421}));
  EXPECT_EQ(server.events.lines.back(), "request refused 421 host_not_served");
}

TEST(Health, IsNothingWhereItIsNotConfigured) {
  TestServer server;
  TestClient client = server.connect();
  server.send(client, health("api.example") + health("evil.example"));
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{404, 421}));
}

TEST(Health, SaysWhenTheServerIsAboutToEnd) {
  TestServer server({.listen = kHealth});
  TestClient client = server.connect();
  server.turn();
  server.worker->drain([] {});
  server.send(client, health("10.4.0.7"));
  EXPECT_EQ(statuses_in(server.read(client)), (std::vector<unsigned>{503}));
  EXPECT_THAT(server.events.lines, ElementsAre("health refused 503 draining"));
}

}  // namespace
}  // namespace gatehouse::server::testing
