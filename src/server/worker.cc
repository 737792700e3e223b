#include "server/worker.h"

#include <exception>
#include <utility>

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

// A worker that accepts no more, or never ends its drain, is worth less than none.
void end_process(const std::exception_ptr&) { std::terminate(); }

}  // namespace

Worker::Worker(net::Loop& loop, Shared& shared, std::unique_ptr<AuditSink> audit,
               std::shared_ptr<const Serving> serving)
    : loop_(loop),
      shared_(shared),
      audit_(std::move(audit)),
      serving_(std::move(serving)),
      background_(loop),
      admin_(loop),
      connections_(loop) {}

Result<std::unique_ptr<net::Listener>> Worker::open(const policy::SocketAddress& at, net::TaskGroup& into,
                                                    Serve serve) {
  GATEHOUSE_TRY(auto listener, net::Listener::open(loop_, {at.address, at.port}));
  background_.spawn(accept_loop(*listener, into, std::move(serve)), end_process);
  return listener;
}

Result<> Worker::listen_to_clients(const policy::SocketAddress& at, Serve serve) {
  GATEHOUSE_TRY(auto listener, open(at, connections_, std::move(serve)));
  listeners_.push_back(std::move(listener));
  return {};
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
  GATEHOUSE_TRY(admin_listener_,
                open(address, admin_, [this, metrics = std::move(metrics)](net::Accepted accepted) {
                  return serve_admin(*this, std::move(accepted), metrics);
                }));
  return {};
}

net::TaskGroup::OnBug Worker::on_bug(const IpAddress& client) {
  return [this, client](const std::exception_ptr& bug) {
    record_connection(client, Reason::internal_error, net::what_of(bug));
  };
}

void Worker::add_connection(net::Task<void> serving, const IpAddress& client) {
  connections_.spawn(std::move(serving), on_bug(client));
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

net::Task<void> Worker::accept_loop(net::Listener& listener, net::TaskGroup& into, Serve serve) {
  for (unsigned accepted_in_a_row = 1;; ++accepted_in_a_row) {
    auto accepted = co_await listener.accept();
    if (!accepted) {
      if (accepted.error().code == ErrorCode::cancelled) co_return;
      // Out of descriptors or memory: what is open goes on, and a moment later there may be room.
      co_await net::sleep_for(loop_, kAcceptPause);
      continue;
    }
    const IpAddress client = accepted->peer.address;
    into.spawn(serve(std::move(*accepted)), on_bug(client));
    // Yield, so that open connections are not starved by new ones.
    if (accepted_in_a_row % 64 == 0) co_await net::yield(loop_);
  }
}

void Worker::drain(std::function<void()> done) {
  draining_ = true;
  for (const auto& listener : listeners_) listener->close();
  work_ends_ = loop_.now() + serving_->settings().deadlines.drain;
  const MonotonicTime idle_end = loop_.now() + kIdleGrace;
  idle_.for_each([&](net::Stream& stream) { stream.set_deadline(idle_end); });
  working_.for_each([&](net::HangUpSource& peer) { peer.end_work_by(work_ends_); });
  background_.spawn(drain_task(std::move(done)), end_process);
}

net::Task<void> Worker::drain_task(std::function<void()> done) {
  co_await connections_.all_ended(work_ends_ + kDrainFlushTimeout);
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
  if (exchanges_.size() < kKept && exchange->answer.memory() <= (std::size_t{256} << 10U)) {
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
