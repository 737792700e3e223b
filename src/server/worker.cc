#include "server/worker.h"

#include "server/connection.h"
#include "server/plaintext.h"

namespace gatehouse::server {
namespace {

constexpr std::size_t kKept = 256;  // exchanges and buffers kept for reuse
// How long idle connections may still bring a request that is on its way, when a drain begins.
constexpr std::chrono::milliseconds kIdleGrace{1500};
// How long the answers of what a drain ended may take to leave.
constexpr std::chrono::milliseconds kDrainFlushTimeout{500};
constexpr std::chrono::milliseconds kAcceptPause{50};

}  // namespace

Worker::Worker(net::Loop& loop, Shared& shared, std::unique_ptr<AuditSink> audit,
               std::shared_ptr<const Serving> serving)
    : loop_(loop), shared_(shared), audit_(std::move(audit)), serving_(std::move(serving)) {}

Worker::~Worker() { loop_.cancel_tasks(); }

Result<std::unique_ptr<net::Listener>> Worker::open(const policy::SocketAddress& at, Serve serve) {
  GATEHOUSE_TRY(auto listener, net::Listener::open(loop_, {at.address, at.port}));
  net::spawn(loop_, accept_loop(*listener, std::move(serve)));
  return listener;
}

// Counts the connections: a drain waits for their tasks, and for nothing else that the loop does.
Result<> Worker::listen_to_clients(const policy::SocketAddress& at, Serve serve) {
  GATEHOUSE_TRY(auto listener, open(at, [this, serve = std::move(serve)](net::Accepted accepted) {
                  return counted(serve(std::move(accepted)));
                }));
  listeners_.push_back(std::move(listener));
  return {};
}

net::Task<void> Worker::counted(net::Task<void> serving) {
  struct Place {
    std::uint32_t& clients;
    explicit Place(std::uint32_t& count) : clients(count) { ++clients; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { --clients; }
  };
  const Place place(clients_);
  co_await serving;
}

Result<> Worker::listen(const policy::Listen& listen) {
  if (listen.https) {
    GATEHOUSE_CHECK(listen_to_clients(*listen.https, [this](net::Accepted accepted) {
      return serve_connection(*this, std::move(accepted));
    }));
  }
  if (listen.http) {
    GATEHOUSE_CHECK(listen_to_clients(*listen.http, [this](net::Accepted accepted) {
      return serve_plaintext(*this, std::move(accepted));
    }));
  }
  return {};
}

Result<> Worker::listen_admin(const policy::SocketAddress& address, RenderMetrics metrics) {
  GATEHOUSE_TRY(admin_listener_, open(address, [this, metrics = std::move(metrics)](net::Accepted accepted) {
                  return serve_admin(*this, std::move(accepted), metrics);
                }));
  return {};
}

// A bug ends the connection that met it, not the process.
net::Task<void> Worker::guard(net::Task<void> serving, IpAddress client) {
  try {
    co_await serving;
  } catch (const std::exception& bug) {
    record_connection(client, Reason::internal_error, bug.what());
  }
}

void Worker::record_connection(const IpAddress& client, Reason reason, std::string_view detail,
                               std::string_view credential_id) {
  Event event;
  event.name = "connection";
  event.time = shared_.clock.wall();
  event.client = client;
  event.outcome = Outcome::refused;
  event.stage = facts_of(reason).stage;
  event.reason = facts_of(reason).name;
  event.credential_id = credential_id;
  event.detail = detail;
  audit_->record(event);
}

net::Task<void> Worker::accept_loop(net::Listener& listener, Serve serve) {
  for (unsigned accepted_in_a_row = 1;; ++accepted_in_a_row) {
    auto accepted = co_await listener.accept();
    if (!accepted) {
      if (accepted.error().code == ErrorCode::cancelled) co_return;
      // Out of descriptors or memory: what is open goes on, and a moment later there may be room.
      co_await net::sleep_for(loop_, kAcceptPause);
      continue;
    }
    const IpAddress client = accepted->peer.address;
    net::spawn(loop_, guard(serve(std::move(*accepted)), client));
    // A crowd at the door must not keep those inside waiting.
    if (accepted_in_a_row % 64 == 0) co_await net::yield(loop_);
  }
}

void Worker::drain(std::function<void()> done) {
  draining_ = true;
  for (const auto& listener : listeners_) listener->close();
  work_ends_ = loop_.now() + serving_->settings().deadlines.drain;
  idle_.end_reading_by(loop_.now() + kIdleGrace);
  working_.end_work_by(work_ends_);
  net::spawn(loop_, drain_task(std::move(done)));
}

net::Task<void> Worker::drain_task(std::function<void()> done) {
  const MonotonicTime end = work_ends_ + kDrainFlushTimeout;
  while (clients_ > 0 && loop_.now() < end) co_await net::sleep_for(loop_, std::chrono::milliseconds(20));
  done();
}

std::unique_ptr<gate::Exchange> Worker::take_exchange() {
  if (exchanges_.empty()) return std::make_unique<gate::Exchange>();
  auto exchange = std::move(exchanges_.back());
  exchanges_.pop_back();
  return exchange;
}

void Worker::give_back(std::unique_ptr<gate::Exchange> exchange) {
  exchange->end();
  if (exchanges_.size() < kKept && exchange->response.body.capacity() <= (std::size_t{256} << 10U)) {
    exchanges_.push_back(std::move(exchange));
  }
}

std::unique_ptr<char[]> Worker::take_buffer() {
  if (buffers_.empty()) return std::make_unique_for_overwrite<char[]>(kBuffer);
  auto buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void Worker::give_back(std::unique_ptr<char[]> buffer) {
  if (buffers_.size() < kKept) buffers_.push_back(std::move(buffer));
}

}  // namespace gatehouse::server
