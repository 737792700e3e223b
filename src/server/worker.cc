#include "server/worker.h"

#include <exception>
#include <utility>

#include "core/instructions.h"
#include "core/present_policy.h"
#include "server/connection.h"
#include "server/plaintext.h"

namespace gatehouse::server {
namespace {

constexpr std::size_t kKept = 256;  // exchanges and buffers kept for reuse
// How long idle connections may still bring a request that is on its way, when a drain begins.
constexpr std::chrono::milliseconds kIdleGrace{1500};
// The time for the last answers of a drain to leave.
constexpr std::chrono::milliseconds kDrainFlushTimeout{500};
constexpr std::chrono::milliseconds kAcceptPause{50};

// A worker that accepts no more, or never ends its drain, is worth less than none.
void end_process(const std::exception_ptr&) { std::terminate(); }

}  // namespace

std::string_view key(ListenerKind kind) {
  switch (kind) {
    case ListenerKind::gates: return "listen.https";
    case ListenerKind::plaintext: return "listen.http";
    case ListenerKind::admin: return "listen.admin";
  }
  return {};
}

Worker::Worker(net::Loop& loop, Shared& shared, std::unique_ptr<AuditSink> audit,
               std::shared_ptr<const Serving> serving)
    : loop_(loop),
      shared_(shared),
      audit_(std::move(audit)),
      serving_(std::move(serving)),
      instructions_(std::make_unique<InstructionView>(shared.instructions)),
      changes_(std::make_shared<PolicyChanges>(shared.instructions)),
      background_(loop),
      admin_(loop),
      connections_(loop) {}

Worker::~Worker() = default;

void Worker::reload(std::shared_ptr<const Serving> serving) {
  serving_ = std::move(serving);
  changes_->add_reload();
}

std::shared_ptr<const PolicyChanges> Worker::changes() const { return changes_; }

const std::shared_ptr<const Instructions>& Worker::instructions() { return instructions_->now(); }

Result<> Worker::listen(RenderMetrics metrics) {
  metrics_ = std::move(metrics);
  for (std::size_t i = 0; i < serving_->listening->listeners.size(); ++i) {
    const ListenerPolicy& listener = serving_->listener(i);
    if (listener.kind == ListenerKind::admin && !metrics_) continue;
    GATEHOUSE_TRY(auto socket, net::Listener::open(loop_, {listener.at.address, listener.at.port}));
    background_.spawn(accept_loop(*socket, i), end_process);
    listeners_.push_back({listener.kind, std::move(socket)});
  }
  return {};
}

void Worker::add(ListenerKind kind, net::Task<void> serving, const IpAddress& client) {
  net::TaskGroup& group = kind == ListenerKind::admin ? admin_ : connections_;
  group.spawn(std::move(serving), [this, client](const std::exception_ptr& bug) {
    record_connection(client, Reason::internal_error, net::what_of(bug));
  });
}

void Worker::add_connection(std::size_t listener, net::Accepted accepted) {
  const ListenerKind kind = serving_->listener(listener).kind;
  const IpAddress client = accepted.peer.address;
  add(kind,
      kind == ListenerKind::plaintext ? serve_plaintext(*this, listener, std::move(accepted))
                                      : serve_connection(*this, listener, std::move(accepted)),
      client);
}

void Worker::add_stream(std::size_t listener, net::StreamPtr stream) {
  const IpAddress client = stream->peer().address;
  add(serving_->listener(listener).kind, serve_requests(*this, listener, std::move(stream)), client);
}

std::optional<ConnectionCounts::Ticket> Worker::place_for(const ListenerPolicy& listener,
                                                          const IpAddress& client, Count count) {
  ConnectionCounts& counts =
      listener.kind == ListenerKind::admin ? shared_.admin_connections : shared_.connections;
  auto ticket = counts.enter(listener.connections);
  if (ticket && (count == Count::in_all || ticket->count(client, listener.connections_per_address)))
    return ticket;
  const bool is_gates = listener.kind == ListenerKind::gates;
  record_connection(client, Reason::too_many_connections, is_gates ? std::string_view() : key(listener.kind));
  return std::nullopt;
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

net::Task<void> Worker::accept_loop(net::Listener& socket, std::size_t listener) {
  for (unsigned accepted_in_a_row = 1;; ++accepted_in_a_row) {
    auto accepted = co_await socket.accept();
    if (!accepted) {
      if (accepted.error().code == ErrorCode::cancelled) co_return;
      // Out of descriptors or memory: open connections continue, and a moment later there may be room.
      co_await net::sleep_for(loop_, kAcceptPause);
      continue;
    }
    add_connection(listener, *std::move(accepted));
    // Yield, so that open connections are not starved by new ones.
    if (accepted_in_a_row % 64 == 0) co_await net::yield(loop_);
  }
}

void Worker::drain(std::function<void()> done) {
  draining_ = true;
  // The admin listener stays open until the worker goes, so that the drain can be seen.
  for (const OpenListener& listener : listeners_) {
    if (listener.kind != ListenerKind::admin) listener.socket->close();
  }
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
