// One exchange with an upstream allocates nothing once its connection and its buffers are there.
#include <cstdlib>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/allocations_testing.h"
#include "target/testing.h"

#ifndef GATEHOUSE_SANITIZED

namespace gatehouse::target {
namespace {

// Answers each request of one connection alike, on a thread of its own.
class Upstream {
 public:
  explicit Upstream(std::string_view answer) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in any{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    if (::bind(listening_, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
        ::listen(listening_, 1) != 0)
      std::abort();
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&bound), &size);
    port = ntohs(bound.sin_port);
    thread_ = std::thread([this, answer] { serve(answer); });
  }
  ~Upstream() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }

  std::uint16_t port = 0;

 private:
  void serve(std::string_view answer) const {
    const int connection = ::accept(listening_, nullptr, nullptr);
    char request[4096];
    while (connection >= 0 && ::recv(connection, request, sizeof request, 0) > 0)
      ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::close(connection);
  }

  int listening_ = -1;
  std::thread thread_;
};

class Plain final : public UpstreamHeadWriter {
 public:
  Verdict<void> still_allowed() const override { return {}; }
  void write(std::string& out, const UpstreamAddress& address) const override {
    out.append("GET /x HTTP/1.1\r\nHost: ").append(address.host).append("\r\n\r\n");
  }
};

net::Task<void> ask_in_a_row(std::shared_ptr<UpstreamClient> client, const Asker& asker,
                             const AnswerRules& rules, Response& response, CallReport& report,
                             std::size_t& allocated, int& answered) {
  const Plain writer;
  std::size_t before = 0;
  for (int i = 0; i < 110; ++i) {
    if (i == 10) before = counted_allocations;
    response.clear();
    report.clear();
    auto asking =
        ask(client, asker, http::Method::get, writer, {}, net::Timer::kNever, rules, response, report);
    const auto asked = co_await asking;
    if (asked && response.status == 200 && response.body.size() == 2) ++answered;
  }
  allocated = counted_allocations - before;
}

TEST(Allocation, AnExchangeWithAnUpstreamAllocatesNothingOnceWarm) {
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"}) {
    const ManualClock clock;
    net::Loop loop(clock);
    net::BlockingPool blocking(1, 10);
    const Upstream upstream(answer);
    auto client = std::make_shared<UpstreamClient>(loop, 64);
    client->name = "orders";
    client->timeout = std::chrono::seconds(10);
    client::ConnectionPoolOptions options;
    options.host = "127.0.0.1";
    options.port = upstream.port;
    client->addresses.push_back({client::ConnectionPool::make(loop, blocking, options), "orders.test", ""});
    const FinishedIdentity nobody{Identity()};
    const Asker asker{nobody, *IpAddress::parse("203.0.113.9")};
    const AnswerRules rules{.fields = {}, .cookies = {}, .inside = {}};
    Response response;
    CallReport report;
    std::size_t allocated = 0;
    int answered = 0;
    net::spawn(loop, [](net::Loop& on, net::Task<void> asking) -> net::Task<void> {
      co_await asking;
      on.stop();
    }(loop, ask_in_a_row(client, asker, rules, response, report, allocated, answered)));
    loop.run();
    EXPECT_EQ(answered, 110);
    EXPECT_EQ(allocated, 0U) << answer;
  }
}

}  // namespace
}  // namespace gatehouse::target

#endif
