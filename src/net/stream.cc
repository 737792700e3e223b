#include "net/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/socket_address.h"
#include "net/tls_engine.h"

namespace gatehouse::net {

using Outcome = TlsEngine::Outcome;

// Looks at input that nothing reads. Before the constructor, which may have to destroy it.
class Stream::UnreadInput final : private Timer {
 public:
  explicit UnreadInput(Stream& stream) : Timer(stream.loop_.timers()), stream_(stream) {}
  void look_later() {
    if (!armed()) arm(stream_.loop_.now() + kPatience);
  }

 private:
  void expired() override {
    disarm();
    stream_.throw_unread_input_away();
  }

  Stream& stream_;
};

Stream::Stream(Loop& loop, Socket socket, Endpoint peer)
    : Timer(loop.timers()), loop_(loop), channel_{.socket = std::move(socket)}, peer_(peer), hang_up_(loop) {
  loop_.watch(channel_.socket.descriptor(), *this);
}

Stream::~Stream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  for (StreamOperation* const operation : {reader_, writer_}) {
    if (operation != nullptr) operation->slot_ = nullptr;
  }
  loop_.unwatch(channel_.socket.descriptor(), *this);
}

std::optional<Result<std::size_t>> Stream::try_read(std::span<char> into) {
  input_waits_ = false;
  if (timed_out_) return failure(ErrorCode::timeout, "the peer was too slow");
  if (input_lost_) return failure(ErrorCode::closed, "the peer sent more than was read in time");
  // Nothing read into no space looks like the end.
  if (into.empty()) return failure(ErrorCode::too_large, "the read buffer is empty");
  if (engine_) {
    if (!channel_.readable && !engine_->input_buffered()) return std::nullopt;
    std::size_t got = 0;
    switch (engine_->read(into, got)) {
      case Outcome::done: return got;
      case Outcome::blocked: return std::nullopt;
      case Outcome::ended: return std::size_t{0};
      case Outcome::failed: return std::unexpected(engine_->take_error());
    }
  }
  const std::ptrdiff_t n = channel_.receive(into);
  if (n >= 0) return static_cast<std::size_t>(n);
  if (n == Channel::kBlocked) return std::nullopt;
  return std::unexpected(broken_connection());
}

Error Stream::broken_connection() const {
  return system_error(ErrorCode::closed, "connection", channel_.error);
}

bool Stream::Readable::attempt() {
  stream_.input_waits_ = false;
  if (stream_.timed_out_) {
    fail({ErrorCode::timeout, "the peer was too slow"});
    return true;
  }
  const Channel& channel = stream_.channel_;
  return channel.readable || channel.ended || channel.error != 0 ||
         (stream_.engine_ && !stream_.discarding_ && stream_.engine_->input_buffered());
}

// ---- writing

Stream::Write::~Write() {
  if (pending()) stream_.broken_ = true;  // the amount that was sent is unknown
}

bool Stream::Write::end(Result<> result) {
  if (!result) stream_.broken_ = true;
  result_ = std::move(result);
  return true;
}

bool Stream::Write::attempt() {
  if (stream_.timed_out_) return end(failure(ErrorCode::timeout, "the peer was too slow"));
  if (stream_.broken_) return end(failure(ErrorCode::cancelled, "an earlier write was not finished"));
  if (stream_.finished_) return end(failure(ErrorCode::cancelled, "writing was ended"));
  return stream_.engine_ ? attempt_tls() : attempt_plain();
}

void Stream::Write::skip(std::size_t bytes) {
  while (!parts_.empty() && bytes >= parts_.front().size() - offset_) {
    bytes -= parts_.front().size() - offset_;
    parts_ = parts_.subspan(1);
    offset_ = 0;
  }
  offset_ += bytes;
}

bool Stream::Write::attempt_plain() {
  for (skip(0); !parts_.empty();) {
    std::array<iovec, 16> vectors;
    std::size_t count = 0;
    std::size_t offset = offset_;
    for (; count < vectors.size() && count < parts_.size(); ++count) {
      const std::string_view part = parts_[count].substr(std::exchange(offset, 0));
      vectors[count] = {const_cast<char*>(part.data()), part.size()};
    }
    const std::ptrdiff_t n = stream_.channel_.send(std::span<const iovec>(vectors).first(count));
    if (n == Channel::kBlocked) return false;
    if (n == Channel::kFailed) return end(std::unexpected(stream_.broken_connection()));
    skip(static_cast<std::size_t>(n));
  }
  return end({});
}

std::string_view Stream::Write::next_chunk() {
  const std::string_view first = parts_.front().substr(offset_);
  if (parts_.size() == 1 || first.size() >= TlsEngine::kRecord) return first.substr(0, TlsEngine::kChunk);
  const auto scratch = stream_.loop_.gather_scratch();
  std::size_t size = 0;
  std::size_t offset = offset_;
  for (const std::string_view whole : parts_) {
    const std::string_view part = whole.substr(std::exchange(offset, 0)).substr(0, TlsEngine::kRecord - size);
    std::memcpy(scratch.data() + size, part.data(), part.size());
    size += part.size();
    if (size == TlsEngine::kRecord) break;
  }
  return {scratch.data(), size};
}

bool Stream::Write::attempt_tls() {
  TlsEngine& engine = *stream_.engine_;
  for (skip(0);;) {
    switch (engine.flush()) {
      case Outcome::done: break;
      case Outcome::blocked: return false;
      default: return end(std::unexpected(engine.take_error()));
    }
    if (parts_.empty()) return end({});
    const std::string_view chunk = next_chunk();
    if (engine.write(chunk) != Outcome::done) return end(std::unexpected(engine.take_error()));
    skip(chunk.size());
  }
}

void Stream::finish_writing() {
  if (std::exchange(finished_, true) || broken_) return;
  if (engine_) {
    engine_->send_close_notify();
    if (engine_->output_pending()) return;
  }
  ::shutdown(channel_.socket.descriptor(), SHUT_WR);
}

void Stream::abort() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(channel_.socket.descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

// ---- TLS

Stream::Handshake Stream::accept_tls(std::shared_ptr<const ServerTls> context) {
  if (engine_) return {*this, failure(ErrorCode::internal, "the stream speaks TLS already")};
  engine_ = std::make_unique<TlsEngine>(std::move(context), channel_, loop_);
  return {*this, {}};
}

Stream::Handshake Stream::connect_tls(std::shared_ptr<const ClientTls> context, std::string_view host) {
  if (engine_) return {*this, failure(ErrorCode::internal, "the stream speaks TLS already")};
  engine_ = std::make_unique<TlsEngine>(std::move(context), host, channel_, loop_);
  return {*this, {}};
}

bool Stream::peer_speaks_http() const { return engine_ && engine_->peer_speaks_http(); }

void Stream::forget_tls() { engine_.reset(); }

bool Stream::Handshake::attempt() {
  if (!result_) return true;
  if (stream_.timed_out_) {
    fail({ErrorCode::timeout, "the TLS handshake took too long"});
    return true;
  }
  TlsEngine& engine = *stream_.engine_;
  switch (engine.handshake()) {
    case Outcome::blocked: return false;
    case Outcome::done: stream_.facts_ = std::make_unique<TlsFacts>(engine.facts()); return true;
    case Outcome::ended: fail({ErrorCode::closed, "TLS handshake: the peer ended it"}); return true;
    case Outcome::failed: fail(engine.take_error()); return true;
  }
  return true;
}

// ---- events

void Stream::on_events(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) channel_.readable = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) channel_.writable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) {
    channel_.ending = true;
    if (peer_state() == PeerState::present) hang_up_.change(PeerState::finished);
  }
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) hang_up_.change(PeerState::gone);

  if (engine_ && engine_->output_pending() && channel_.writable) engine_->flush();
  if (channel_.writable && !advance(writer_)) return;
  if (channel_.readable && !advance(reader_)) return;
  if (input_waits_ && channel_.readable) [[unlikely]]
    watch_unread_input();
  hang_up_.tell();
}

// ---- input that nothing reads

void Stream::let_input_wait() {
  input_waits_ = true;
  if (channel_.readable) watch_unread_input();
}

void Stream::watch_unread_input() {
  if (!unread_input_) unread_input_ = std::make_unique<UnreadInput>(*this);
  unread_input_->look_later();
}

void Stream::throw_unread_input_away() {
  // Where the end is known nothing is hidden.
  if (!input_waits_ || !channel_.readable || channel_.ended || peer_state() != PeerState::present) return;
  int waiting = 0;
  int room = 0;
  socklen_t size = sizeof room;
  ::ioctl(channel_.socket.descriptor(), FIONREAD, &waiting);
  ::getsockopt(channel_.socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &room, &size);
  if (!input_lost_ &&
      static_cast<std::size_t>(waiting) < std::min<std::size_t>(kWaiting, static_cast<std::size_t>(room) / 8))
    return watch_unread_input();
  input_lost_ = true;
  // A bounded piece for each look: a peer that sends without end costs no more.
  constexpr int kPieces = 16;
  for (int i = 0; i < kPieces && channel_.readable; ++i) {
    const std::ptrdiff_t n = channel_.receive(loop_.gather_scratch());
    if (n <= 0) break;
  }
  if (channel_.readable && !channel_.ended && channel_.error == 0) watch_unread_input();
}

bool Stream::advance(StreamOperation*& slot) {
  if (slot == nullptr || !slot->attempt()) return true;
  return resume(slot);
}

bool Stream::resume(StreamOperation*& slot) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  StreamOperation* const operation = std::exchange(slot, nullptr);
  operation->slot_ = nullptr;
  operation->waiting_.resume();
  if (destroyed) return false;
  destroyed_ = nullptr;
  return true;
}

bool Stream::time_out(StreamOperation*& slot) {
  if (slot == nullptr) return true;
  slot->fail({ErrorCode::timeout, "the peer was too slow"});
  return resume(slot);
}

void Stream::set_deadline(MonotonicTime deadline) {
  timed_out_ = deadline <= loop_.now();
  arm(deadline);
}

void Stream::clear_deadline() {
  timed_out_ = false;
  disarm();
}

void Stream::expired() {
  timed_out_ = true;
  if (time_out(writer_)) time_out(reader_);
}

// ---- connecting and closing

class Stream::Connecting final : public StreamOperation {
 public:
  explicit Connecting(Stream& stream) : StreamOperation(stream) {}
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> waiting) { wait_in(stream_.writer_, waiting); }
  Result<> await_resume() { return std::move(result_); }

 private:
  bool attempt() override {
    if (stream_.timed_out_) {
      fail({ErrorCode::timeout, "no answer"});
      return true;
    }
    if (!stream_.channel_.writable) return false;
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(stream_.channel_.socket.descriptor(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) fail(system_error(ErrorCode::unavailable, "connect", number, Retry::yes));
    return true;
  }
  void fail(Error error) override { result_ = std::unexpected(std::move(error)); }

  Result<> result_;
};

Task<Result<StreamPtr>> connect(Loop& loop, Endpoint endpoint, MonotonicTime deadline) {
  const SocketAddress address(endpoint);
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return std::unexpected(system_error(ErrorCode::internal, "socket", errno, Retry::yes));
  const int one = 1;
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const bool at_once = ::connect(socket.descriptor(), address.pointer(), address.size) == 0;
  if (!at_once && errno != EINPROGRESS) {
    const bool no_port_left = errno == EADDRNOTAVAIL || errno == EAGAIN;
    co_return std::unexpected(system_error(no_port_left ? ErrorCode::internal : ErrorCode::unavailable,
                                           "connect", errno, Retry::yes));
  }
  auto stream = std::make_unique<Stream>(loop, std::move(socket), endpoint);
  stream->channel_.writable = at_once;
  stream->set_deadline(deadline);
  Stream::Connecting connecting(*stream);
  auto connected = co_await connecting;
  GATEHOUSE_CO_CHECK(connected);
  stream->clear_deadline();
  co_return stream;
}

Task<void> close(StreamPtr stream, MonotonicTime deadline) {
  stream->set_deadline(deadline);
  // TLS output that still waits for the peer goes first.
  auto flushed = co_await stream->write(std::string_view{});
  stream->finish_writing();
  if (!flushed) co_return;
  // Unread bytes in the engine cause no event of the socket: a wait for one would never end.
  stream->discarding_ = true;
  Loop& loop = stream->loop();
  for (;;) {
    auto readable = co_await stream->readable();
    if (!readable) co_return;
    const std::ptrdiff_t n = stream->channel_.receive(loop.gather_scratch());
    if (n == 0 || n == Channel::kFailed) co_return;
    if (stream->channel_.readable) co_await yield(loop);
  }
}

}  // namespace gatehouse::net
