#include "server/connection.h"

#include <algorithm>
#include <array>

#include "gate/arrive.h"
#include "gate/respond.h"
#include "http/proxy_protocol.h"
#include "http/request_parser.h"
#include "server/admin.h"
#include "server/carrier.h"
#include "server/http1_carrier.h"
#include "server/recording.h"
#include "server/request_buffer.h"
#include "server/serve.h"
#include "server/stream_watch.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kLastAnswerLinger{2};  // how long a last answer may take to arrive

constexpr std::chrono::seconds kAdminIdle{10};  // between two requests of the admin listener

constexpr unsigned kTurn = 64;  // requests that a connection may bring in a row

class ClientConnection {
 public:
  ClientConnection(Worker& worker, std::size_t listener, net::StreamPtr stream)
      : worker_(worker),
        stream_(std::move(stream)),
        serving_(worker.serving()),
        kind_(serving_->listener(listener).kind),
        buffer_(worker, serving_->settings().listen.head.bytes),
        parser_(http::RequestLimits{
            .head = serving_->settings().listen.head.bytes,
            .encoded_slash = serving_->runner->policy().encoded_slash,
            .missing_host = is_admin() ? http::MissingHost::taken : http::MissingHost::refused}) {
    client_.listener = listener;
    client_.peer.address = stream_->peer().address;
    client_.peer.text = client_.peer.address.text();
    if (is_admin()) client_.peer.forwarding = gate::Forwarding::never_believed;
  }

  net::Task<void> run();
  // The requests after the handshake.
  net::Task<void> serve();
  bool take_up_present(gate::Exchange& exchange);
  // Of the operator's certificate on the admin listener.
  std::optional<gate::CertificateFault> operators_fault() const;

 private:
  struct UnfinishedHead;
  const ListenerPolicy& listener() const { return serving_->listener(client_.listener); }
  bool is_admin() const { return kind_ == ListenerKind::admin; }
  const policy::Deadlines& deadlines() const { return serving_->settings().deadlines; }

  bool from_trusted_proxy() const {
    return std::ranges::any_of(serving_->settings().trusted_proxies, [&](const IpNetwork& network) {
      return network.contains(client_.peer.address);
    });
  }
  net::Task<bool> read_proxy_header();
  net::Task<bool> handshake();
  // Until a head is complete. `answer_and_close` was done where it is not.
  net::Task<bool> read_head(gate::Exchange& exchange);
  net::Task<void> refuse_unread(gate::Exchange& exchange, Refusal refusal);
  // The listener's own answer before any gate, without an event.
  net::Task<void> answer_page(gate::Exchange& exchange, Carrier& carrier);
  void record_connection(Reason reason, std::string_view detail) {
    std::string text(is_admin() ? key(ListenerKind::admin) : std::string_view());
    if (!text.empty()) text += ": ";
    worker_.record_connection(client_.peer.address, reason, text.append(detail));
  }

  Worker& worker_;
  net::StreamPtr stream_;
  std::shared_ptr<const Serving> serving_;
  const ListenerKind kind_;
  std::optional<ConnectionCounts::Ticket> ticket_;
  RequestBuffer buffer_;
  http::RequestParser parser_;
  Client client_;
  std::string head_out_;
};

net::Task<bool> ClientConnection::read_proxy_header() {
  if (listener().proxy_protocol == policy::ProxyProtocol::off) co_return true;
  const bool trusted = from_trusted_proxy();
  std::array<char, http::kProxyHeaderLimit> bytes;
  std::size_t size = 0;
  std::size_t wanted = 16;
  http::ProxyHeader header;
  http::Progress progress = trusted ? http::Progress::need_more : http::Progress::malformed;
  // Exactly the bytes of the header, so that the rest stays for TLS.
  while (progress == http::Progress::need_more) {
    const auto read = co_await stream_->read(std::span(bytes).subspan(size, wanted - size));
    if (!read || *read == 0) {
      // A proxy that only looks whether this port answers says nothing.
      if (size > 0 || !read)
        record_connection(Reason::proxy_header,
                          read ? "the connection ended within the PROXY header"
                               : "the PROXY header did not arrive: " + read.error().text);
      co_return false;
    }
    size += *read;
    progress = http::parse_proxy_header({bytes.data(), size}, header);
    if (size >= 16) {
      wanted = 16 + (static_cast<std::size_t>(static_cast<unsigned char>(bytes[14])) << 8U) +
               static_cast<unsigned char>(bytes[15]);
      if (wanted > bytes.size()) progress = http::Progress::malformed;
    }
  }
  if (progress == http::Progress::malformed) {
    record_connection(Reason::proxy_header,
                      trusted ? "not PROXY protocol version 2" : "the peer is not a trusted proxy");
    co_return false;
  }
  if (!header.source) {
    // The connection counts as the proxy's own (its health checks, say), but its sender is unknown: addresses
    // in its requests are not the proxy's statement.
    client_.peer.forwarding = gate::Forwarding::never_believed;
  } else {
    client_.peer.address = header.source->address;
    client_.peer.text = client_.peer.address.text();
    if (!ticket_->count(client_.peer.address, listener().connections_per_address)) {
      record_connection(Reason::too_many_connections, {});
      stream_->abort();
      co_return false;
    }
  }
  co_return true;
}

net::Task<bool> ClientConnection::handshake() {
  stream_->set_deadline(worker_.loop().now() + deadlines().handshake);
  const auto proxied = co_await read_proxy_header();
  if (!proxied) co_return false;
  client_.shaken = listener().tls;
  if (!client_.shaken) co_return true;
  const auto shaken = co_await stream_->accept_tls(client_.shaken);
  if (!shaken) {
    record_connection(Reason::handshake_failed, shaken.error().text);
    if (stream_->peer_speaks_http()) {
      stream_->forget_tls();
      const MonotonicTime until = worker_.loop().now() + kLastAnswerLinger;
      stream_->set_deadline(until);
      const auto written = co_await stream_->write(gate::tls_required_answer());
      if (written) {
        auto closing = net::close(std::move(stream_), until);
        co_await closing;
      }
    }
    co_return false;
  }
  client_.certificate = stream_->tls()->peer_certificate;
  client_.peer.certificate = client_.certificate;
  client_.peer.handshake = Handshake{worker_.shared().clock.wall(), stream_->tls()->peer_chain_ends};
  const auto fault = is_admin() ? operators_fault() : std::nullopt;
  if (fault) {
    record_connection(fault->reason, fault->why);
    stream_->abort();
  }
  co_return !fault;
}

net::Task<void> ClientConnection::run() {
  // A trusted proxy carries the connections of many clients: the clients' addresses bound them.
  ticket_ = worker_.place_for(listener(), client_.peer.address,
                              from_trusted_proxy() ? Worker::Count::in_all : Worker::Count::with_address);
  if (!ticket_) {
    stream_->abort();  // neither an answer nor a handshake is spent on it
    co_return;
  }
  const auto ready = co_await handshake();
  if (!ready) co_return;
  co_await serve();
}

// What serves a request is what serves when its head is complete: a client could hold the beginning of a head
// over a reload. False: the certificate of the connection has ended, and another handshake must decide.
bool ClientConnection::take_up_present(gate::Exchange& exchange) {
  if (serving_ != worker_.serving()) {
    serving_ = worker_.serving();
    exchange.policy = serving_->runner->shared_policy();
  }
  exchange.instructions = worker_.instructions();
  if (!vouched_for(client_, *serving_)) return false;
  // Behind the public listener the gates look, and refuse where it is asked for.
  const auto fault = is_admin() && client_.shaken ? operators_fault() : std::nullopt;
  if (fault) record_connection(fault->reason, fault->why);
  return !fault;
}

std::optional<gate::CertificateFault> ClientConnection::operators_fault() const {
  const WallTime now = worker_.shared().clock.wall();
  if (client_.peer.handshake && now >= client_.peer.handshake->chain_ends)
    return gate::CertificateFault{Reason::credential_expired, "the client's certificate has ended"};
  return fault_of(*serving_, client_.certificate, now);
}

net::Task<void> ClientConnection::serve() {
  Next next = Next::keep_alive;
  for (unsigned served = 1; next == Next::keep_alive; ++served) {
    // A client that pipelines without end must not keep the others waiting.
    if (served % kTurn == 0) co_await net::yield(worker_.loop());
    if (buffer_.empty()) {
      // Idle: no buffer, no exchange, and a reload reaches the connection's next request.
      buffer_.release();
      stream_->set_deadline(worker_.loop().now() + (is_admin() ? kAdminIdle : deadlines().idle));
      std::optional<DrainList<net::Stream>::Entry> idle;
      if (!is_admin()) idle.emplace(worker_.idle(), *stream_);
      const auto readable = co_await stream_->readable();
      if (!readable) break;
    }
    serving_ = worker_.serving();
    std::unique_ptr<gate::Exchange> exchange = worker_.take_exchange();
    exchange->begin(serving_->runner->shared_policy(), client_.peer);
    const auto complete = co_await read_head(*exchange);
    next = Next::gone;
    if (complete && !take_up_present(*exchange)) {
      next = Next::close;
    } else if (complete) {
      Http1Carrier carrier({worker_, *serving_, listener(), client_, stream_, buffer_, head_out_},
                           parser_.consumed(), exchange->head);
      auto serving = is_admin() ? answer_page(*exchange, carrier)
                                : server::serve(worker_, *serving_, *exchange, carrier);
      co_await serving;
      next = carrier.finish();
    }
    worker_.give_back(std::move(exchange));
  }
  if (next == Next::close) {
    auto closing = net::close(std::move(stream_), worker_.loop().now() + kLastAnswerLinger);
    co_await closing;
  }
}

net::Task<void> ClientConnection::answer_page(gate::Exchange& exchange, Carrier& carrier) {
  // For its id: the listener has its own rule for host names.
  (void)gate::arrive(exchange, serving_->listening->names, worker_.shared().clock, worker_.entropy());
  const gate::Released page =
      gate::respond(exchange, page_for(exchange.head, listener(), worker_.shared(), worker_.metrics()));
  auto writing = carrier.begin(page, gate::has_body(page) ? page.body() : std::string_view(),
                               worker_.loop().now() + deadlines().answer);
  const auto written = co_await writing;
  if (!written) carrier.reset();
}

// The event of a head that the server does not read to its end because it ends itself.
struct ClientConnection::UnfinishedHead {
  explicit UnfinishedHead(ClientConnection& connection) : of(connection) {}
  UnfinishedHead(const UnfinishedHead&) = delete;
  UnfinishedHead& operator=(const UnfinishedHead&) = delete;
  ~UnfinishedHead() {
    if (pending && !of.buffer_.empty())
      of.record_connection(Reason::draining, "the server ended within a request");
  }
  ClientConnection& of;
  bool pending = true;
};

net::Task<bool> ClientConnection::read_head(gate::Exchange& exchange) {
  parser_.reset();
  stream_->set_deadline(worker_.loop().now() + deadlines().head);
  UnfinishedHead unfinished(*this);
  for (;;) {
    if (!buffer_.empty()) {
      const http::Progress progress = parser_.parse(buffer_.bytes(), exchange.head);
      if (progress == http::Progress::complete) break;
      if (progress == http::Progress::malformed) {
        unfinished.pending = false;
        exchange.detail = parser_.repeated();
        co_await refuse_unread(exchange, gate::refusal_of(parser_.reason()));
        co_return false;
      }
    }
    const std::span<char> space = buffer_.space();
    if (space.empty()) {
      unfinished.pending = false;
      co_await refuse_unread(exchange, gate::refusal_of(http::Malformed::head_too_large));
      co_return false;
    }
    const auto read = co_await stream_->read(space);
    if (!read || *read == 0) {
      unfinished.pending = false;
      if (!buffer_.empty() && !read && read.error().code == ErrorCode::timeout) {
        co_await refuse_unread(exchange, Refusal(Reason::request_late));
      } else if (!buffer_.empty()) {
        record_connection(Reason::client_gone, "the connection ended within a request");
      }
      co_return false;
    }
    buffer_.added(*read);
  }
  unfinished.pending = false;
  co_return true;
}

// Bytes that could not be read as a request: an answer, an event, and the end of the connection.
net::Task<void> ClientConnection::refuse_unread(gate::Exchange& exchange, Refusal refusal) {
  exchange.head.forget();
  (void)gate::arrive(exchange, serving_->listening->names, worker_.shared().clock,
                     worker_.entropy());  // an empty head says nothing of its address
  head_out_.clear();
  const std::size_t body_bytes = gate::write_refusal(head_out_, refusal, parser_.method(), *exchange.id,
                                                     worker_.date_line(), listener().fields);
  stream_->set_deadline(worker_.loop().now() + kLastAnswerLinger);
  {
    Recording recording(worker_, exchange);
    recording.ending = {refusal};
    const auto written = co_await stream_->write(head_out_);
    if (written) recording.ending = {refusal, text_of(refusal.answer).status, body_bytes};
  }
  auto closing = net::close(std::move(stream_), worker_.loop().now() + kLastAnswerLinger);
  co_await closing;
}

}  // namespace

net::Task<void> serve_connection(Worker& worker, std::size_t listener, net::Accepted accepted) {
  auto stream = std::make_unique<net::Stream>(worker.loop(), std::move(accepted.socket), accepted.peer);
  ClientConnection connection(worker, listener, std::move(stream));
  co_await connection.run();
}

net::Task<void> serve_requests(Worker& worker, std::size_t listener, net::StreamPtr stream) {
  ClientConnection connection(worker, listener, std::move(stream));
  co_await connection.serve();
}

}  // namespace gatehouse::server
