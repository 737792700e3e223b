#include "client/connection_pool.h"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/manual_clock.h"
#include "net/testing.h"

namespace gatehouse::client {
namespace {

using namespace std::chrono_literals;
using net::Listener;
using net::Loop;
using net::Stream;
using net::Task;
using net::testing::Identity;
using net::testing::loopback;
using net::testing::run;
using net::testing::start;
using net::testing::turn_until;
using Ending = ConnectionPool::Ending;
using Lease = ConnectionPool::Lease;

// Answers every byte with the same byte, on every connection.
Task<void> echo(net::StreamPtr stream, std::shared_ptr<const net::ServerTls> tls) {
  if (tls) {
    auto shaken = co_await stream->accept_tls(tls);
    if (!shaken) co_return;
  }
  for (;;) {
    char byte[1];
    auto n = co_await stream->read(byte);
    if (!n || *n == 0) co_return;
    auto written = co_await stream->write(std::string_view(byte, 1));
    if (!written) co_return;
  }
}
Task<void> accept_all(Loop& loop, Listener& listener, std::shared_ptr<const net::ServerTls> tls,
                      int& accepted) {
  for (;;) {
    auto one = co_await listener.accept();
    if (!one) co_return;
    ++accepted;
    spawn(loop, echo(std::make_unique<Stream>(loop, std::move(one->socket), one->peer), tls));
  }
}

using Leased = std::expected<Lease, ConnectionPool::NoConnection>;

Task<Leased> acquire(ConnectionPool& pool, MonotonicTime deadline) {
  if (auto lease = pool.take_idle()) co_return std::move(*lease);
  auto task = pool.connect(deadline);
  auto fresh = co_await task;
  co_return fresh;
}
Task<bool> ask(Lease& lease) {
  auto written = co_await lease.stream().write(std::string_view("x"));
  if (!written) co_return false;
  char byte[1];
  auto n = co_await lease.stream().read(byte);
  co_return n && *n == 1 && byte[0] == 'x';
}

class Connections : public ::testing::Test {
 protected:
  Connections() { open(); }
  void open(std::uint16_t port = 0, std::shared_ptr<const net::ServerTls> tls = nullptr) {
    listener_ = Listener::open(loop_, loopback(port)).value();
    spawn(loop_, accept_all(loop_, *listener_, std::move(tls), accepted_));
  }
  std::uint16_t shut() {  // the server goes, and all its connections
    const std::uint16_t port = listener_->endpoint().port;
    loop_.cancel_tasks();
    listener_.reset();
    loop_.poll();
    return port;
  }
  ConnectionPoolOptions options() const {
    ConnectionPoolOptions options;
    options.host = "127.0.0.1";
    options.port = listener_->endpoint().port;
    return options;
  }
  Leased lease(ConnectionPool& pool) { return run(loop_, acquire(pool, net::Timer::kNever)); }
  void use(ConnectionPool& pool, Ending ending) {
    auto one = lease(pool);
    ASSERT_TRUE(one) << one.error().error.text;
    ASSERT_TRUE(run(loop_, ask(*one)));
    one->end(ending);
  }

  ManualClock clock_;
  Loop loop_{clock_};
  net::BlockingPool blocking_{1, 10};
  std::unique_ptr<Listener> listener_;
  int accepted_ = 0;
};

TEST_F(Connections, AConnectionThatIsKeptIsUsedAgainTheYoungestFirst) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  auto first = lease(*pool);
  auto second = lease(*pool);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->reused());
  const Stream* const youngest = &second->stream();
  ASSERT_TRUE(run(loop_, ask(*first)));
  ASSERT_TRUE(run(loop_, ask(*second)));
  EXPECT_EQ(pool->busy(), 2U);
  first->end(Ending::keep);
  second->end(Ending::keep);
  EXPECT_EQ(pool->idle(), 2U);
  auto again = lease(*pool);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->reused());
  EXPECT_EQ(&again->stream(), youngest);
  EXPECT_TRUE(run(loop_, ask(*again)));
  EXPECT_EQ(accepted_, 2);
}

TEST_F(Connections, ALeaseThatIsDroppedOrClosedIsNotUsedAgain) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  {
    auto dropped = lease(*pool);
  }
  use(*pool, Ending::close);
  EXPECT_EQ(pool->idle(), 0U);
  auto last = lease(*pool);
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->reused());
  EXPECT_EQ(pool->busy(), 1U);
}

TEST_F(Connections, AnIdleConnectionThatTheServerClosedIsNotGivenOut) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  use(*pool, Ending::keep);
  const std::uint16_t port = shut();
  open(port);
  auto one = lease(*pool);
  ASSERT_TRUE(one) << one.error().error.text;
  EXPECT_FALSE(one->reused());
  EXPECT_TRUE(run(loop_, ask(*one)));
}

TEST_F(Connections, AConnectionWithUnaskedBytesIsNotKept) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  auto one = lease(*pool);
  ASSERT_TRUE(one);
  ASSERT_TRUE(run(loop_, net::testing::write_all(one->stream(), "xy")));
  EXPECT_TRUE(run(loop_, ask(*one)));  // one of three answers is read: the next request would get a wrong one
  one->end(Ending::keep);
  for (int i = 0; i < 10; ++i) loop_.poll();
  EXPECT_FALSE(pool->take_idle());
}

TEST_F(Connections, IdleConnectionsAreClosedAfterTheirTime) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  use(*pool, Ending::keep);
  clock_.advance(29s);
  loop_.poll();
  EXPECT_EQ(pool->idle(), 1U);
  use(*pool, Ending::keep);
  clock_.advance(29s);
  loop_.poll();
  EXPECT_EQ(pool->idle(), 1U) << "it was used meanwhile";
  clock_.advance(2s);
  loop_.poll();
  EXPECT_EQ(pool->idle(), 0U);
}

TEST_F(Connections, AnAddressThatAcceptsNoConnectionRestsAndIsThenTriedByOneAtATime) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  use(*pool, Ending::keep);
  const std::uint16_t port = shut();
  for (int i = 0; i < 5; ++i) {
    const auto refused = lease(*pool);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, ConnectionPool::ConnectFailure::unreachable);
  }
  clock_.advance(6s);
  loop_.poll();
  EXPECT_EQ(lease(*pool).error().failure, ConnectionPool::ConnectFailure::unreachable)
      << "one attempt, which fails";
  open(port);
  const int before = accepted_;
  const auto resting = lease(*pool);
  ASSERT_FALSE(resting) << "it rests again, although it is back";
  EXPECT_EQ(resting.error().failure, ConnectionPool::ConnectFailure::resting);
  EXPECT_EQ(resting.error().rests_for, 5s);
  clock_.advance(2s);
  loop_.poll();
  EXPECT_EQ(lease(*pool).error().rests_for, 3s);
  EXPECT_EQ(accepted_, before);
  clock_.advance(6s);
  loop_.poll();
  std::optional<Leased> attempts[3];
  for (auto& one : attempts) start(loop_, acquire(*pool, net::Timer::kNever), one);
  turn_until(loop_,
             [&] { return std::ranges::all_of(attempts, [](const auto& a) { return a.has_value(); }); });
  EXPECT_EQ(std::ranges::count_if(attempts, [](const auto& a) { return a->has_value(); }), 1)
      << "one attempt at a time";
  EXPECT_TRUE(lease(*pool)) << "it accepted a connection: nobody waits for what that is used for";
}

TEST_F(Connections, TheCircuitIsNothingToWhatBecomesOfRequests) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  std::vector<Lease> held;
  for (int i = 0; i < 40; ++i) {
    auto one = lease(*pool);
    ASSERT_TRUE(one) << one.error().error.text;
    if (i % 2 == 0) continue;  // dropped in the middle of its use
    held.push_back(*std::move(one));
  }
}

TEST_F(Connections, ADescriptorThatThisMachineLacksIsNotTheAddressesFailure) {
  const auto pool = ConnectionPool::make(loop_, blocking_, options());
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  for (int i = 0; i < 10; ++i) {
    const auto refused = lease(*pool);
    EXPECT_TRUE(!refused && refused.error().failure == ConnectionPool::ConnectFailure::busy);
  }
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(lease(*pool)) << "the circuit is closed";
}

TEST_F(Connections, IdleConnectionsCountAndMakeRoom) {
  ConnectionPoolOptions two = options();
  two.most_connections = 2;
  const auto pool = ConnectionPool::make(loop_, blocking_, two);
  {
    auto a = lease(*pool);
    auto b = lease(*pool);
    ASSERT_TRUE(a && b);
    ASSERT_TRUE(run(loop_, ask(*a)) && run(loop_, ask(*b)));
    a->end(Ending::keep);
    b->end(Ending::keep);
  }
  EXPECT_EQ(pool->idle(), 2U);
  const auto fresh = run(loop_, pool->connect(net::Timer::kNever));
  ASSERT_TRUE(fresh);
  EXPECT_EQ(pool->idle() + pool->busy(), 2U);
}

TEST_F(Connections, MoreConnectionsThanAllowedAreRefused) {
  ConnectionPoolOptions two = options();
  two.most_connections = 2;
  const auto pool = ConnectionPool::make(loop_, blocking_, two);
  auto a = lease(*pool);
  auto b = lease(*pool);
  ASSERT_TRUE(a && b);
  const auto c = lease(*pool);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().failure, ConnectionPool::ConnectFailure::busy);
  a->end(Ending::close);
}

TEST_F(Connections, ANameIsResolvedAndEveryAddressTried) {
  ConnectionPoolOptions named = options();
  named.host = "localhost";  // ::1 too on many systems, where no server listens
  const auto pool = ConnectionPool::make(loop_, blocking_, named);
  use(*pool, Ending::keep);
  clock_.advance(31s);
  loop_.poll();
  use(*pool, Ending::keep);                               // looks up again in the background
  turn_until(loop_, [&] { return loop_.tasks() <= 3; });  // the accept loop and two echoes
  use(*pool, Ending::keep);
  named.host = "no such name.invalid";
  const auto lost = ConnectionPool::make(loop_, blocking_, named);
  EXPECT_FALSE(lease(*lost));
}

// A resolver that hangs must not take the places of other look-ups, nor hold requests beyond their time.
TEST_F(Connections, ManyRequestsWaitForOneLookUpAndNoLongerThanTheirDeadlines) {
  net::BlockingPool one_place(1, 1);
  std::promise<void> hangs, answers;
  ASSERT_TRUE(one_place.submit([&hangs, resolver = answers.get_future()] {
    hangs.set_value();
    resolver.wait();
  }));
  hangs.get_future().wait();
  ConnectionPoolOptions named = options();
  named.host = "localhost";
  const auto pool = ConnectionPool::make(loop_, one_place, named);
  std::optional<Leased> late[8], patient[8];
  for (auto& one : late) start(loop_, pool->connect(loop_.now() + 1s), one);
  for (auto& one : patient) start(loop_, pool->connect(loop_.now() + 1h), one);
  for (int i = 0; i < 10; ++i) loop_.poll();
  for (const auto& one : late) EXPECT_FALSE(one) << "no second look-up was refused";
  clock_.advance(1s);
  turn_until(loop_,
             [&] { return std::ranges::all_of(late, [](const auto& one) { return one.has_value(); }); });
  for (const auto& one : late) {
    ASSERT_FALSE(*one);
    EXPECT_EQ((*one).error().failure, ConnectionPool::ConnectFailure::late);
  }
  for (const auto& one : patient) EXPECT_FALSE(one);
  answers.set_value();
  turn_until(loop_,
             [&] { return std::ranges::all_of(patient, [](const auto& one) { return one.has_value(); }); });
  for (const auto& one : patient) EXPECT_TRUE(*one);
}

TEST_F(Connections, AnHttpsServerIsVerified) {
  const Identity authority("authority", nullptr, "");
  const Identity server("server", &authority, "IP:127.0.0.1");
  net::ServerTlsOptions served;
  served.certificate_pem = server.certificate_pem();
  served.private_key_pem = server.key_pem();
  shut();
  open(0, net::ServerTls::make(served).value());
  net::ClientTlsOptions trusted;
  trusted.ca_pem = authority.certificate_pem();
  ConnectionPoolOptions https = options();
  https.tls = net::ClientTls::make(trusted).value();
  const auto pool = ConnectionPool::make(loop_, blocking_, https);
  use(*pool, Ending::keep);
  auto again = lease(*pool);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->reused());
  EXPECT_TRUE(run(loop_, ask(*again)));

  trusted.ca_pem = Identity("stranger", nullptr, "").certificate_pem();
  https.tls = net::ClientTls::make(trusted).value();
  const auto wary = ConnectionPool::make(loop_, blocking_, https);
  const auto refused = lease(*wary);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, ConnectionPool::ConnectFailure::unreachable);
  EXPECT_EQ(refused.error().error.code, ErrorCode::denied);
}

TEST_F(Connections, ConnectingEndsAtTheDeadline) {
  shut();
  listener_ = Listener::open(loop_, loopback(), {.backlog = 0}).value();  // no connection is accepted
  ConnectionPoolOptions slow = options();
  slow.connect_timeout = 1h;
  const auto pool = ConnectionPool::make(loop_, blocking_, slow);
  std::optional<Leased> waiting[8];
  for (auto& one : waiting) start(loop_, acquire(*pool, loop_.now() + 10s), one);
  for (int i = 0; i < 20; ++i) loop_.poll();
  clock_.advance(11s);
  turn_until(loop_,
             [&] { return std::ranges::all_of(waiting, [](const auto& w) { return w.has_value(); }); });
  EXPECT_FALSE(*waiting[7]);
  EXPECT_EQ(waiting[7]->error().failure, ConnectionPool::ConnectFailure::late);
}

}  // namespace
}  // namespace gatehouse::client
