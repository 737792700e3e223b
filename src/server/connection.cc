#include "server/connection.h"

#include <algorithm>
#include <array>

#include "gate/arrive.h"
#include "gate/respond.h"
#include "http/chunked.h"
#include "http/proxy_protocol.h"
#include "server/body_reader.h"
#include "server/health.h"
#include "server/request_buffer.h"
#include "server/stream_watch.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kLastAnswerLinger{2};  // how long a last answer may take to arrive

constexpr unsigned kTurn = 64;  // requests that a connection may bring in a row

enum class Next : std::uint8_t { keep_alive, close, gone };

// Why what ran for a request was stopped: the client is gone, or a drain has come to its end.
Reason stopped_by(const Error& error) {
  return error.code == ErrorCode::timeout ? Reason::draining : Reason::client_gone;
}

// How long a client may take over one answer: it may keep the server waiting for `patience`, and for a second
// more for each kSlowest bytes that it takes. The time in which it waits for the upstream does not count.
class Pace {
 public:
  static constexpr std::size_t kSlowest = std::size_t{8} << 10U;  // bytes per second
  // No more at once, so that a client that takes nothing is found out soon.
  static constexpr std::size_t kSlice = std::size_t{32} << 10U;

  Pace(net::Stream& stream, std::chrono::nanoseconds patience)
      : stream_(stream), patience_(patience), left_(patience) {}

  // To be awaited: a write of the stream, by what is left of the time.
  class Write {
   public:
    Write(Pace& pace, std::span<const std::string_view> parts)
        : pace_(pace), begun_(pace.stream_.loop().now()), write_(pace.stream_.write(parts)) {
      std::size_t bytes = 0;
      for (const std::string_view part : parts) bytes += part.size();
      worth_ = std::chrono::nanoseconds(std::chrono::seconds(bytes)) / kSlowest;
      pace.stream_.set_deadline(begun_ + pace.left_ + worth_);
    }
    bool await_ready() { return write_.await_ready(); }
    void await_suspend(std::coroutine_handle<> waiting) { write_.await_suspend(waiting); }
    Result<> await_resume() {
      net::Stream& stream = pace_.stream_;
      stream.clear_deadline();
      pace_.left_ = std::min(pace_.patience_, pace_.left_ + worth_ - (stream.loop().now() - begun_));
      return write_.await_resume();
    }

   private:
    Pace& pace_;
    const MonotonicTime begun_;
    std::chrono::nanoseconds worth_{};
    net::Stream::Write write_;
  };
  Write write(std::span<const std::string_view> parts) { return {*this, parts}; }
  // Why a write failed.
  static Reason reason_of(const Error& error) {
    return error.code == ErrorCode::timeout ? Reason::client_slow : Reason::client_gone;
  }

 private:
  net::Stream& stream_;
  const std::chrono::nanoseconds patience_;
  std::chrono::nanoseconds left_;
};

constexpr std::string_view kNotKnown = "the operation had begun; what it did is not known";

// The event of one exchange. Recorded when this is destroyed, with what is known of the ending by then: also
// where the coroutine that answers is destroyed, or left by an exception.
class Recording {
 public:
  Recording(Worker& worker, gate::Exchange& exchange) : worker_(worker), exchange_(exchange) {}
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (asks_for_health(exchange_.policy->settings.listen, exchange_.head)) {
      record_health(worker_, exchange_, ending);
      return;
    }
    if (ending.cut && is_unfinished()) {
      ending.refusal = Refusal(Reason::upstream_late);  // a failure, for the reason of the cut
      if (exchange_.detail.empty()) exchange_.detail = kNotKnown;
    }
    const MonotonicTime now = worker_.shared().clock.monotonic();
    worker_.audit().record(worker_.events().build(exchange_, ending, now));
  }

  // Whether the upstream still works on what must not be left half-done: its answer has not ended.
  bool is_unfinished() const {
    return exchange_.on_hang_up == net::OnHangUp::finish && answer && answer->rest() != nullptr;
  }

  std::optional<gate::Released> answer;  // once there is one
  // Until it is known better: the server ended, and with it the exchange.
  gate::Ending ending{Refusal(Reason::draining)};

 private:
  Worker& worker_;
  gate::Exchange& exchange_;
};

class ClientConnection {
 public:
  ClientConnection(Worker& worker, net::StreamPtr stream)
      : worker_(worker),
        stream_(std::move(stream)),
        serving_(worker.serving()),
        buffer_(worker, serving_->settings().listen.head.bytes),
        parser_(http::RequestLimits{.head = serving_->settings().listen.head.bytes}) {
    peer_.address = stream_->peer().address;
    peer_.text = peer_.address.text();
  }

  net::Task<void> run();
  // What follows the handshake.
  net::Task<void> serve();

 private:
  const policy::Listen& listen() const { return serving_->settings().listen; }
  const policy::Deadlines& deadlines() const { return serving_->settings().deadlines; }

  bool from_trusted_proxy() const {
    return std::ranges::any_of(serving_->settings().trusted_proxies,
                               [&](const IpNetwork& network) { return network.contains(peer_.address); });
  }
  // One too many: neither an answer nor a handshake is spent on it.
  bool refuse_connection() {
    record_connection(Reason::too_many_connections, {});
    stream_->abort();
    return false;
  }
  net::Task<bool> read_proxy_header();
  net::Task<bool> handshake();
  // Until a head is complete. `answer_and_close` was done where it is not.
  net::Task<bool> read_head(gate::Exchange& exchange);
  net::Task<Next> answer(gate::Exchange& exchange);
  // `ending` says at every moment what the client has, should this be destroyed. Of an answer that is no
  // refusal it gets `cut` too, or a refusal where the upstream does not end it.
  net::Task<Next> write_answer(gate::Exchange& exchange, const gate::Released& answer, http::Persistence keep,
                               gate::Ending& ending);
  // Breaks the client's connection, and reads the rest of the upstream's answer for nobody: an upstream whose
  // connection breaks may leave its work undone. `answer` has no rest when it has ended in order.
  net::Task<void> finish_work(gate::Exchange& exchange, gate::Released& answer);
  net::Task<void> refuse_unread(gate::Exchange& exchange, Refusal refusal);
  void record_connection(Reason reason, std::string_view detail) {
    worker_.record_connection(peer_.address, reason, detail);
  }

  Worker& worker_;
  net::StreamPtr stream_;
  std::shared_ptr<const Serving> serving_;
  std::optional<ConnectionCounts::Ticket> ticket_;
  RequestBuffer buffer_;
  http::RequestParser parser_;
  std::shared_ptr<const net::ServerTls> tls_;  // of the handshake
  gate::Peer peer_;
  std::string head_out_;
};

net::Task<bool> ClientConnection::read_proxy_header() {
  if (listen().proxy_protocol == policy::ProxyProtocol::off) co_return true;
  const bool trusted = from_trusted_proxy();
  std::array<char, http::kProxyHeaderLimit> bytes;
  std::size_t size = 0;
  std::size_t wanted = 16;
  http::ProxyHeader header;
  http::Progress progress = trusted ? http::Progress::need_more : http::Progress::malformed;
  // Byte for byte as much as the header says, so that what follows stays for TLS.
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
                      trusted ? "not PROXY protocol version 2" : "the peer is no trusted proxy");
    co_return false;
  }
  if (!header.source) {
    // The connection counts as the proxy's own (its health checks, say), though it may be anybody's: what its
    // requests say about other addresses is not the proxy's word.
    peer_.forwarding = gate::Forwarding::never_believed;
  } else {
    peer_.address = header.source->address;
    peer_.text = peer_.address.text();
    if (!ticket_->count(peer_.address, serving_->listening->connections_per_address))
      co_return refuse_connection();
  }
  co_return true;
}

net::Task<bool> ClientConnection::handshake() {
  stream_->set_deadline(worker_.loop().now() + deadlines().handshake);
  const auto proxied = co_await read_proxy_header();
  if (!proxied) co_return false;
  tls_ = serving_->listening->tls;
  const auto shaken = co_await stream_->accept_tls(tls_);
  if (!shaken) {
    record_connection(Reason::handshake_failed, shaken.error().text);
    co_return false;
  }
  peer_.certificate = stream_->tls()->peer_certificate;
  peer_.handshake = Handshake{worker_.shared().clock.wall(), stream_->tls()->peer_chain_ends};
  co_return true;
}

net::Task<void> ClientConnection::run() {
  ticket_ = worker_.shared().connections.enter(serving_->listening->connections);
  // A trusted proxy brings the connections of many clients: it is bounded by what it says of them.
  if (!ticket_ || (!from_trusted_proxy() &&
                   !ticket_->count(peer_.address, serving_->listening->connections_per_address))) {
    refuse_connection();
    co_return;
  }
  const auto ready = co_await handshake();
  if (!ready) co_return;
  co_await serve();
}

net::Task<void> ClientConnection::serve() {
  Next next = Next::keep_alive;
  for (unsigned served = 1; next == Next::keep_alive; ++served) {
    // A client that pipelines without end must not keep the others waiting.
    if (served % kTurn == 0) co_await net::yield(worker_.loop());
    if (buffer_.empty()) {
      // Idle: no buffer, no exchange, and a reload reaches the connection's next request.
      buffer_.release();
      stream_->set_deadline(worker_.loop().now() + deadlines().idle);
      const ConnectionList::Entry idle(worker_.idle(), *stream_);
      const auto readable = co_await stream_->readable();
      if (!readable) break;
    }
    serving_ = worker_.serving();
    // Where a reload has changed the authorities of clients, the next handshake decides.
    if (!vouched_for(peer_, tls_.get(), *serving_->listening)) {
      next = Next::close;
      break;
    }
    std::unique_ptr<gate::Exchange> exchange = worker_.take_exchange();
    exchange->begin(serving_->runner->shared_policy(), peer_);
    const auto complete = co_await read_head(*exchange);
    if (complete) {
      const auto answered = co_await answer(*exchange);
      next = answered;
    } else {
      next = Next::gone;
    }
    worker_.give_back(std::move(exchange));
  }
  if (next == Next::close) {
    auto closing = net::close(std::move(stream_), worker_.loop().now() + kLastAnswerLinger);
    co_await closing;
  }
}

net::Task<bool> ClientConnection::read_head(gate::Exchange& exchange) {
  parser_.reset();
  stream_->set_deadline(worker_.loop().now() + deadlines().head);
  for (;;) {
    if (!buffer_.empty()) {
      const http::Progress progress = parser_.parse(buffer_.bytes(), exchange.head);
      if (progress == http::Progress::complete) break;
      if (progress == http::Progress::malformed) {
        co_await refuse_unread(exchange, gate::refusal_of(parser_.reason()));
        co_return false;
      }
    }
    const std::span<char> space = buffer_.space();
    if (space.empty()) {
      co_await refuse_unread(exchange, gate::refusal_of(http::Malformed::head_too_large));
      co_return false;
    }
    const auto read = co_await stream_->read(space);
    if (!read || *read == 0) {
      if (!buffer_.empty() && !read && read.error().code == ErrorCode::timeout) {
        co_await refuse_unread(exchange, Refusal(Reason::request_late));
      } else if (!buffer_.empty()) {
        record_connection(Reason::client_gone, "the connection ended within a request");
      }
      co_return false;
    }
    buffer_.added(*read);
  }
  co_return true;
}

// What could not be read as a request: an answer, an event, and the end of the connection.
net::Task<void> ClientConnection::refuse_unread(gate::Exchange& exchange, Refusal refusal) {
  exchange.head.forget();
  (void)gate::arrive(exchange, serving_->listening->names, worker_.shared().clock,
                     worker_.entropy());  // an empty head says nothing of its address
  head_out_.clear();
  const std::size_t body_bytes =
      gate::write_refusal(head_out_, refusal, *exchange.id, worker_.date_line(), serving_->fixed_fields);
  stream_->set_deadline(worker_.loop().now() + kLastAnswerLinger);
  const auto written = co_await stream_->write(head_out_);
  const gate::Ending ending{refusal, written ? text_of(refusal.answer).status : 0, written ? body_bytes : 0};
  worker_.audit().record(worker_.events().build(exchange, ending, worker_.shared().clock.monotonic()));
  auto closing = net::close(std::move(stream_), worker_.loop().now() + kLastAnswerLinger);
  co_await closing;
}

net::Task<Next> ClientConnection::answer(gate::Exchange& exchange) {
  const std::size_t head_size = parser_.consumed();
  exchange.bodies = &worker_.shared().bodies;
  ConnectionBody body(*stream_, buffer_, head_size, exchange.head, deadlines().body);
  const auto arrived =
      gate::arrive(exchange, serving_->listening->names, worker_.shared().clock, worker_.entropy());
  Recording recording(worker_, exchange);
  std::optional<Refusal>& refusal = recording.ending.refusal;
  if (asks_for_health(listen(), exchange.head)) {
    if (!worker_.draining()) refusal.reset();  // it says `draining` until it is known better
    recording.answer = refusal ? gate::respond(exchange, *refusal) : gate::respond_alive(exchange);
  } else if (!arrived) {
    refusal = arrived.error();
    recording.answer = gate::respond(exchange, *refusal);
  } else {
    stream_->clear_deadline();
    try {
      const ConnectionList::Entry working(worker_.working(), *stream_);
      auto running = net::cancellable(*stream_, worker_.work_ends(), serving_->runner->answer(exchange, body),
                                      &exchange.on_hang_up);
      auto answered = co_await running;
      if (answered) {
        refusal = answered->refusal;
        recording.answer = std::move(answered->released);
      } else {
        refusal = Refusal(stopped_by(answered.error()));
        if (exchange.on_hang_up == net::OnHangUp::finish) exchange.detail = kNotKnown;
        if (refusal->reason == Reason::draining) recording.answer = gate::respond(exchange, *refusal);
      }
    } catch (const std::exception& bug) {
      // The one place where a bug is caught: its text goes to the record, and nothing of it to the client.
      exchange.report.said = bug.what();
      refusal = Refusal(Reason::internal_error);
      recording.answer = gate::respond(exchange, *refusal);
    }
  }

  exchange.body_bytes = body.arrived_bytes();
  const auto used = body.used();
  Next next = Next::gone;
  // The target finished its work for a client that had gone meanwhile.
  const bool left =
      exchange.on_hang_up == net::OnHangUp::finish && stream_->peer_state() != net::PeerState::present;
  if (left && !refusal) {
    recording.ending.cut = Reason::client_gone;
  } else if (left && refusal->stage() == Stage::call && text_of(refusal->answer).status >= 500) {
    // Nobody knows that it failed but the record.
    exchange.detail = facts_of(refusal->reason).name;
    if (!exchange.report.detail.empty()) exchange.detail.append(": ").append(exchange.report.detail);
    refusal = Refusal(Reason::client_gone);
  } else if (!left && recording.answer && !(refusal && refusal->reason == Reason::client_gone)) {
    const bool keep = exchange.head.connection == http::Persistence::keep_alive && used &&
                      !worker_.draining() && !(refusal && refusal->reason == Reason::malformed_http);
    auto writing =
        write_answer(exchange, *recording.answer,
                     keep ? http::Persistence::keep_alive : http::Persistence::close, recording.ending);
    next = co_await writing;
  }
  if (recording.ending.cut && recording.is_unfinished()) {
    co_await finish_work(exchange, *recording.answer);
    co_return Next::gone;
  }
  if (used) {
    buffer_.consume(head_size + *used);
    if (!buffer_.put_back(body.surplus())) next = Next::close;
  }
  co_return next;
}

net::Task<void> ClientConnection::finish_work(gate::Exchange& exchange, gate::Released& answer) {
  stream_->abort();
  stream_.reset();
  const auto failed = [&](Reason reason, std::string_view text) {
    exchange.detail = facts_of(reason).name;
    exchange.detail.append(": ").append(text);
  };
  const MonotonicTime until = worker_.loop().now() + exchange.checked.operation()->timeout;
  for (;;) {
    auto pulling = answer.rest()->next();
    const auto piece = co_await pulling;
    if (!piece) {
      const bool late = piece.error().code == ErrorCode::timeout;
      failed(late ? Reason::upstream_late : Reason::upstream_malformed, piece.error().text);
      co_return;
    }
    if (piece->empty()) break;
    if (worker_.loop().now() >= until) {
      failed(Reason::upstream_late, "the upstream's answer goes on for longer than the operation's timeout");
      co_return;
    }
  }
  answer.end_rest();
}

net::Task<Next> ClientConnection::write_answer(gate::Exchange& exchange, const gate::Released& answer,
                                               http::Persistence keep, gate::Ending& ending) {
  head_out_.clear();
  const gate::Framing framing =
      gate::write_head(head_out_, answer, keep, worker_.date_line(), serving_->fixed_fields);
  const bool bodiless = framing == gate::Framing::none;
  const bool chunked = framing == gate::Framing::chunked;
  const bool goes_on = answer.rest() != nullptr && !bodiless;
  Pace pace(*stream_, deadlines().answer);
  const bool allowed = !ending.refusal;
  if (allowed) ending.cut = Reason::draining;  // until all is written
  // Half an answer must not look like a whole one: the client sees the connection break.
  const auto cut = [&](Reason reason) {
    if (allowed) ending.cut = reason;
    stream_->abort();
    return Next::gone;
  };
  std::string_view piece = bodiless ? std::string_view() : answer.body();
  // What is smaller is with the client within a moment, or not at all.
  std::optional<StreamWatch> watch;
  if (goes_on || piece.size() > Pace::kSlice) watch.emplace(worker_, exchange, *stream_, tls_);
  const auto broken = [&](const Error& error) {
    return cut(watch && watch->ended() ? *watch->ended() : Pace::reason_of(error));
  };
  std::optional<ConnectionList::Entry> working;
  std::string_view lead = head_out_;  // goes with the first slice
  for (;;) {
    do {
      const std::string_view slice = piece.substr(0, Pace::kSlice);
      const http::ChunkHead head(slice.size());
      std::array<std::string_view, 4> parts;
      std::size_t count = 0;
      const bool as_chunk = chunked && !slice.empty();
      if (!lead.empty()) parts[count++] = lead;
      if (as_chunk) parts[count++] = head.view();
      if (!slice.empty()) parts[count++] = slice;
      if (as_chunk) parts[count++] = http::kChunkEnd;
      auto writing = pace.write(std::span(parts).first(count));
      const auto written = co_await writing;
      if (!written) co_return broken(written.error());
      lead = {};
      ending.status = answer.status();
      ending.response_bytes += slice.size();
      if (watch && watch->ended()) co_return cut(*watch->ended());
      piece.remove_prefix(slice.size());
    } while (!piece.empty());
    if (!goes_on) break;
    if (!working) working.emplace(worker_.working(), *stream_);
    auto pulling = net::cancellable(*stream_, worker_.work_ends(), answer.rest()->next());
    auto pulled = co_await pulling;
    if (watch->ended()) co_return cut(*watch->ended());
    if (!pulled) co_return cut(stopped_by(pulled.error()));
    if (!*pulled) {
      const Error& error = pulled->error();
      exchange.report.detail = error.text;
      ending.cut.reset();
      ending.refusal =
          Refusal(error.code == ErrorCode::timeout ? Reason::upstream_late : Reason::upstream_malformed);
      stream_->abort();
      co_return Next::gone;
    }
    piece = **pulled;
    if (piece.empty()) break;
  }
  if (goes_on && chunked) {
    const std::array<std::string_view, 1> last{http::kLastChunk};
    auto last_write = pace.write(last);
    const auto ended = co_await last_write;
    if (!ended) co_return broken(ended.error());
  } else if (goes_on && !answer.length()) {
    keep = http::Persistence::close;  // HTTP/1.0: the end of the connection is the end of the body
  }
  ending.cut.reset();
  co_return keep == http::Persistence::keep_alive ? Next::keep_alive : Next::close;
}

}  // namespace

net::Task<void> serve_connection(Worker& worker, net::Accepted accepted) {
  auto stream = std::make_unique<net::Stream>(worker.loop(), std::move(accepted.socket), accepted.peer);
  ClientConnection connection(worker, std::move(stream));
  co_await connection.run();
}

net::Task<void> serve_requests(Worker& worker, net::StreamPtr stream) {
  ClientConnection connection(worker, std::move(stream));
  co_await connection.serve();
}

}  // namespace gatehouse::server
