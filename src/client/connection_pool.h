// ConnectionPool: the connections of one loop to one server (one name, one port, plain or TLS).
//
//   auto lease = pool->take_idle();                   // the usual case, without a coroutine
//   if (!lease) { auto fresh = co_await pool->connect(deadline); ... }
//   ... one request and its answer over lease->stream() ...
//   lease->end(ConnectionPool::Ending::keep);
//
// A reused connection may have been closed by the server at the very moment of its use. A request that is
// idempotent (RFC 9110, section 9.2.2) and fails on a reused() lease before a byte of the answer came is
// repeated once, over connect().
//
// The circuit. An address that accepts no connection several times in a row is not called for a while, and
// then by one attempt at a time. The answers over a connection never count: a caller can make an answer late
// or malformed, and one caller's requests must not block the server for the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "net/blocking_pool.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls.h"

namespace gatehouse::net {
class Notifier;
}

namespace gatehouse::client {

struct ConnectionPoolOptions {
  std::string host;  // a name, or an address as text
  std::uint16_t port = 0;
  std::shared_ptr<const net::ClientTls> tls;              // null: plain
  Nanoseconds connect_timeout = std::chrono::seconds(1);  // for each address, TLS handshake included
  Nanoseconds idle_timeout = std::chrono::seconds(30);    // an unused connection is closed after it
  std::size_t most_idle = 64;                             // for each address
  std::size_t most_connections = 1024;                    // in use and idle together; idle ones make room
  Nanoseconds resolve_every = std::chrono::seconds(30);   // a name is looked up again, in the background
  unsigned failures_to_open = 5;  // attempts to connect that fail in a row, after which an address rests
  Nanoseconds rest = std::chrono::seconds(5);  // then one attempt is made at a time
};

class ConnectionPool final : public std::enable_shared_from_this<ConnectionPool>, private net::Timer {
  struct Address;

 public:
  // `loop` and `blocking` outlive the pool.
  static std::shared_ptr<ConnectionPool> make(net::Loop& loop, net::BlockingPool& blocking,
                                              ConnectionPoolOptions options);
  ~ConnectionPool() override;

  enum class Ending : std::uint8_t {
    keep,   // answered, and the connection can serve another request
    close,  // it cannot
  };

  // One connection for one request. A lease that is destroyed without end() closes its connection.
  class Lease {
   public:
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    net::Stream& stream() { return *stream_; }
    const net::Endpoint& endpoint() const;
    bool reused() const { return reused_; }
    void end(Ending ending);

   private:
    friend class ConnectionPool;
    Lease(std::shared_ptr<ConnectionPool> pool, std::shared_ptr<Address> address, net::StreamPtr stream,
          bool reused);
    std::shared_ptr<ConnectionPool> pool_;
    std::shared_ptr<Address> address_;
    net::StreamPtr stream_;
    bool reused_ = false;
  };

  // The connection that was given back last, if one is idle and still open.
  std::optional<Lease> take_idle();

  // The reason for a missing connection, the most informative last, if one server has several pools.
  enum class ConnectFailure : std::uint8_t {
    resting,      // every address has failed too often: nothing was tried
    busy,         // most_connections are in use
    unreachable,  // none accepts one; or its certificate is not accepted, or the name does not exist
    late,         // none accepted one in time
  };
  struct NoConnection {
    ConnectFailure failure;
    Error error;
    Nanoseconds rests_for{};  // resting: until an address is tried again; 0: an attempt is under way
  };

  // A fresh connection, by `deadline`. Each address that does not rest is tried at most once.
  net::Task<std::expected<Lease, NoConnection>> connect(MonotonicTime deadline);

  net::Loop& loop() const { return loop_; }
  std::size_t idle() const;
  std::size_t busy() const { return busy_; }

 private:
  struct Idle {
    net::StreamPtr stream;
    MonotonicTime until;
  };
  // The state of one address. Leases keep it alive when a look-up no longer names it.
  struct Address {
    net::Endpoint endpoint;
    std::deque<Idle> idle;  // the last is the youngest
    unsigned failures = 0;  // attempts to connect, in a row
    MonotonicTime rests_until{};
    bool probing = false;  // the one attempt after a rest is under way
    bool retired = false;
  };

  ConnectionPool(net::Loop& loop, net::BlockingPool& blocking, ConnectionPoolOptions options);
  // Looks the name up, unless that is under way: one look-up at a time, for any number of requests.
  void start_look_up();
  static net::Task<void> look_up(std::shared_ptr<ConnectionPool> pool);
  net::Task<Result<>> first_addresses(MonotonicTime deadline);
  net::Task<Result<net::StreamPtr>> open(net::Endpoint endpoint, MonotonicTime deadline);
  void adopt(const std::vector<IpAddress>& found);
  std::shared_ptr<Address> choose(const std::vector<std::shared_ptr<Address>>& tried);
  Nanoseconds shortest_rest() const;
  bool rests(const Address& address) const { return address.failures >= options_.failures_to_open; }
  void unreachable(Address& address);
  void give_back(Address& address, net::StreamPtr stream);
  void make_room();
  void expired() override;  // closes idle connections whose time is over

  net::Loop& loop_;
  net::BlockingPool& blocking_;
  ConnectionPoolOptions options_;
  std::vector<std::shared_ptr<Address>> addresses_;
  std::size_t next_ = 0;  // where choosing begins
  std::size_t busy_ = 0;
  MonotonicTime resolved_{};
  bool looking_up_ = false;
  bool is_literal_ = false;  // the host is an address, which needs no look-up
  Result<> looked_up_;       // the last one
  std::unique_ptr<net::Notifier> look_up_ended_;
};

// Here, because a lease is moved several times on its way, and most that are destroyed hold nothing.
inline ConnectionPool::Lease::~Lease() {
  if (pool_) --pool_->busy_;
}

}  // namespace gatehouse::client
