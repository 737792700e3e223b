// Requests whose whole answer is needed, over real connections: the request, its answer, and everything that
// a server may send in place of an answer.
#include "client/fetch.h"

#include <cstdlib>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "client/testing.h"

namespace gatehouse::client {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::kLeaves;
using testing::kOk;
using ::testing::Not;
using testing::ScriptedServer;
using testing::Turn;
using Fetched = Result<FetchedAnswer>;

std::shared_ptr<const net::ClientTls> trusting(const net::testing::Identity& authority) {
  net::ClientTlsOptions options;
  options.ca_pem = authority.certificate_pem();
  return net::ClientTls::make(options).value();
}

class Fetches : public ::testing::Test {
 protected:
  ~Fetches() override { loop_.cancel_tasks(); }

  http::Url url(std::string_view target = "/keys?version=2") const {
    return *http::parse_url("http://" + server_.endpoint().text() + std::string(target));
  }
  std::shared_ptr<ConnectionPool> pool() {
    ConnectionPoolOptions options;
    options.host = "127.0.0.1";
    options.port = server_.endpoint().port;
    return ConnectionPool::make(loop_, blocking_, std::move(options));
  }
  Fetched fetched(FetchRequest request = {}, FetchBounds bounds = {}) {
    return net::testing::run(loop_, fetch(pool_, url(), std::move(request), bounds));
  }
  // The status and body, or the error's text.
  std::string outcome_of(std::string answer, Turn::Then then = Turn::Then::stay) {
    server_.will({{std::move(answer), then}});
    const Fetched got = fetched();
    return got ? std::to_string(got->status) + " " + got->body : got.error().text;
  }
  // The error of a fetch that is under way when all of its time has passed.
  ErrorCode late(Turn turn) {
    server_.will({std::move(turn)});
    const int before = server_.requests;
    std::optional<Fetched> got;
    net::testing::start(loop_, fetch(pool_, url()), got);
    net::testing::turn_until(loop_, [&] { return server_.requests > before; });
    for (int i = 0; i < 10; ++i) loop_.poll();
    EXPECT_FALSE(got);
    clock_.advance(FetchBounds{}.timeout);
    net::testing::turn_until(loop_, [&] { return got.has_value(); });
    return *got ? ErrorCode::internal : got->error().code;
  }

  ManualClock clock_;
  net::Loop loop_{clock_};
  net::BlockingPool blocking_{1, 10};
  ScriptedServer server_{loop_};
  std::shared_ptr<ConnectionPool> pool_ = pool();
};

// ---- the request ----

TEST_F(Fetches, AskForTheUrlAndForNoCoding) {
  server_.will(kOk);
  const Fetched got = fetched({.fields = "Accept: text/plain\r\n"});
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "ok");
  EXPECT_EQ(server_.last, "GET /keys?version=2 HTTP/1.1\r\nHost: " + server_.endpoint().text() +
                              "\r\nUser-Agent: gatehouse\r\nAccept-Encoding: identity\r\nAccept: "
                              "text/plain\r\n\r\n");
}

TEST_F(Fetches, SendABodyWithItsLength) {
  server_.will(kOk);
  ASSERT_TRUE(fetched({.method = http::Method::post, .body = "token=abc"}));
  EXPECT_THAT(server_.last, ::testing::StartsWith("POST /keys"));
  EXPECT_THAT(server_.last, ::testing::EndsWith("Content-Length: 9\r\n\r\ntoken=abc"));
}

TEST_F(Fetches, UseOneConnectionAfterTheOther) {
  server_.will({{kOk}, {kOk}, {kOk}});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(fetched());
  EXPECT_EQ(server_.connections, 1);
}

TEST_F(Fetches, AreRepeatedOnceWhereAKeptConnectionGaveNothingAndTheyAreIdempotent) {
  server_.will({{kOk}, kLeaves, {kOk}});
  ASSERT_TRUE(fetched());
  EXPECT_TRUE(fetched());
  EXPECT_EQ(server_.requests, 3);
  EXPECT_EQ(server_.connections, 2);

  server_.will({{kOk}, kLeaves, {kOk}});
  ASSERT_TRUE(fetched());
  EXPECT_FALSE(fetched({.method = http::Method::post, .body = "x"}));
  EXPECT_EQ(server_.requests, 5) << "the server may have done it";

  server_.will({kLeaves, {kOk}});
  EXPECT_FALSE(fetched()) << "a new connection";
}

TEST_F(Fetches, IgnoreTheEnvironmentsProxies) {
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
    ::setenv(name, "http://127.0.0.1:1", 1);
  server_.will(kOk);
  EXPECT_TRUE(fetched());
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
    ::unsetenv(name);
}

TEST_F(Fetches, ReachAnAddressOfIpv6) {
  const net::Endpoint six{*IpAddress::parse("::1"), 0};
  if (!net::Listener::open(loop_, six)) GTEST_SKIP() << "this machine has no ::1";
  ScriptedServer server(loop_, six);
  server.will(kOk);
  const auto at = http::parse_url("http://" + server.endpoint().text() + "/");
  ASSERT_TRUE(at);
  ConnectionPoolOptions options;
  options.host = at->host;
  options.port = at->port;
  const auto got = net::testing::run(loop_, fetch(ConnectionPool::make(loop_, blocking_, options), *at));
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_THAT(server.last, HasSubstr("\r\nHost: [::1]:"));
}

// ---- the answer ----

TEST_F(Fetches, TakeAnswersOfEveryFramingWhereverTheirBytesAreParted) {
  for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
    for (const auto& [answer, then] : std::initializer_list<std::pair<std::string, Turn::Then>>{
             {kOk, Turn::Then::stay},
             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX: 1\r\n\r\n",
              Turn::Then::stay},
             {"HTTP/1.1 200 OK\r\n\r\nok", Turn::Then::close},
             {"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nok", Turn::Then::close},
             {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", Turn::Then::stay},
             {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
                  std::string(kOk),
              Turn::Then::stay}}) {
      server_.will({{answer, then, piece}});
      const Fetched got = fetched();
      ASSERT_TRUE(got) << got.error().text << " " << answer;
      EXPECT_EQ(got->status, 200);
      EXPECT_EQ(got->body, "ok") << answer;
    }
  }
}

TEST_F(Fetches, FollowNoRedirect) {
  EXPECT_EQ(outcome_of("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://" +
                       server_.endpoint().text() + "/elsewhere\r\n\r\n"),
            "302 ");
  EXPECT_EQ(server_.requests, 1);
}

TEST_F(Fetches, RefuseAContentCodingThatNobodyAskedFor) {
  EXPECT_THAT(outcome_of("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
              HasSubstr("content coding"));
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok"),
            "200 ok");
}

TEST_F(Fetches, TakeABodyUpToItsBoundAndNoFurther) {
  const auto of_size = [](std::size_t size, bool announced) {
    const std::string body(size, 'x');
    const std::string head = "HTTP/1.1 200 OK\r\n";
    if (announced) return head + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + body;
    return head + "Connection: close\r\n\r\n" + body;
  };
  for (const bool announced : {true, false}) {
    server_.will({{of_size(100'000, announced), Turn::Then::close}});
    const Fetched all = fetched({}, {.most_bytes = 100'000});
    ASSERT_TRUE(all) << all.error().text;
    EXPECT_EQ(all->body.size(), 100'000U);
    server_.will({{of_size(100'001, announced), Turn::Then::close}});
    const Fetched more = fetched({}, {.most_bytes = 100'000});
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::too_large);
  }
  // Announced, it is refused before it comes.
  server_.will("HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n");
  EXPECT_EQ(fetched({}, {.most_bytes = 100'000}).error().code, ErrorCode::too_large);
}

// ---- in place of an answer ----

TEST_F(Fetches, FailWhereWhatComesIsNotAnAnswer) {
  for (const std::string& answer :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string("HTTP/2 200 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), std::string("HTTP/1.1 600 No\r\n\r\n"),
        std::string("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n"}) {
    server_.will(answer);
    const Fetched got = fetched();
    ASSERT_FALSE(got) << answer;
    EXPECT_EQ(got.error().code, ErrorCode::invalid) << answer;
  }
}

TEST_F(Fetches, FailWhereTheConnectionEndsInTheMiddle) {
  for (const char* begun : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"}) {
    server_.will({{begun, Turn::Then::close}});
    const Fetched got = fetched();
    ASSERT_FALSE(got) << begun;
    EXPECT_EQ(got.error().code, ErrorCode::closed) << begun;
  }
}

TEST_F(Fetches, EndWithTheirTimeHoweverFarTheyAre) {
  for (const char* begun :
       {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "HTTP/1.1 200 OK\r\n\r\nok"}) {
    EXPECT_EQ(late({begun}), ErrorCode::timeout) << begun;
    EXPECT_EQ(pool_->busy(), 0U) << "the connection is closed";
  }
}

TEST_F(Fetches, EndWithTheirTimeThoughTheServerGoesOnSending) {
  std::optional<Fetched> got;
  server_.will("HTTP/1.1 200 OK\r\n\r\n");
  net::testing::start(loop_, fetch(pool_, url()), got);
  net::testing::turn_until(loop_, [&] { return server_.requests == 1; });
  for (int second = 0; second < 5; ++second) {
    EXPECT_FALSE(got) << second;
    EXPECT_TRUE(net::testing::run(loop_, server_.send("x")));
    clock_.advance(1s);
    for (int i = 0; i < 10; ++i) loop_.poll();
  }
  net::testing::turn_until(loop_, [&] { return got.has_value(); });
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code, ErrorCode::timeout);
}

TEST_F(Fetches, FailWhereNobodyListens) {
  ConnectionPoolOptions options;
  options.host = "127.0.0.1";
  {
    const auto gone = net::Listener::open(loop_, net::testing::loopback()).value();
    options.port = gone->endpoint().port;
  }
  const auto nobody = ConnectionPool::make(loop_, blocking_, options);
  const Fetched got = net::testing::run(loop_, fetch(nobody, url()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::unavailable);
}

// ---- certificates ----

TEST_F(Fetches, HoldTheServersCertificateAgainstTheNameAndTheAuthorities) {
  const net::testing::Identity authority("authority", nullptr, "");
  const net::testing::Identity identity("keys.test", &authority, "DNS:keys.test");
  net::ServerTlsOptions served;
  served.certificate_pem = identity.certificate_pem();
  served.private_key_pem = identity.key_pem();
  ScriptedServer secure(loop_, net::testing::loopback(), net::ServerTls::make(served).value());
  secure.will({{kOk}, {kOk}, {kOk}});
  const auto ask = [&](const std::string& host, const net::testing::Identity& trusted) {
    ConnectionPoolOptions options;
    options.host = host;
    options.port = secure.endpoint().port;
    options.tls = trusting(trusted);
    return net::testing::run(loop_, fetch(ConnectionPool::make(loop_, blocking_, options), url()));
  };
  const Fetched by_address = ask("127.0.0.1", authority);
  ASSERT_FALSE(by_address) << "the certificate is for another name";
  EXPECT_EQ(by_address.error().code, ErrorCode::denied);
  const net::testing::Identity stranger("authority", nullptr, "");
  const Fetched by_stranger = ask("localhost", stranger);
  ASSERT_FALSE(by_stranger);
  EXPECT_EQ(by_stranger.error().code, ErrorCode::denied);
  EXPECT_EQ(secure.requests, 0) << "nothing is asked of a server that is not proven";

  const net::testing::Identity local("localhost", &authority, "DNS:localhost");
  served.certificate_pem = local.certificate_pem();
  served.private_key_pem = local.key_pem();
  ScriptedServer proven(loop_, net::testing::loopback(), net::ServerTls::make(served).value());
  proven.will(kOk);
  ConnectionPoolOptions options;
  options.host = "localhost";
  options.port = proven.endpoint().port;
  options.tls = trusting(authority);
  const Fetched got = net::testing::run(loop_, fetch(ConnectionPool::make(loop_, blocking_, options), url()));
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->body, "ok");
}

TEST_F(Fetches, DoNotSpeakInClearToAServerOfTls) {
  const net::testing::Identity identity("localhost", nullptr, "DNS:localhost");
  net::ServerTlsOptions served;
  served.certificate_pem = identity.certificate_pem();
  served.private_key_pem = identity.key_pem();
  ScriptedServer secure(loop_, net::testing::loopback(), net::ServerTls::make(served).value());
  ConnectionPoolOptions options;
  options.host = "127.0.0.1";
  options.port = secure.endpoint().port;
  EXPECT_FALSE(net::testing::run(loop_, fetch(ConnectionPool::make(loop_, blocking_, options), url())));
  // And the other way round.
  options.port = server_.endpoint().port;
  options.tls = trusting(identity);
  std::optional<Fetched> got;
  net::testing::start(loop_, fetch(ConnectionPool::make(loop_, blocking_, options), url()), got);
  net::testing::turn_until(loop_, [&] { return server_.connections == 1; });
  clock_.advance(FetchBounds{}.timeout);
  net::testing::turn_until(loop_, [&] { return got.has_value(); });
  EXPECT_FALSE(*got);
  EXPECT_EQ(server_.requests, 0);
}

}  // namespace
}  // namespace gatehouse::client
