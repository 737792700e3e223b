// Stream: an awaitable TCP connection, plain or TLS behind the same calls.
//
//   auto n = co_await stream.read(buffer);        // 0: orderly end
//   auto written = co_await stream.write(parts);  // all of it, one record and one system call where it fits
//
// At most one read (or readable, or handshake) and one write wait at a time. Operations are awaited where
// they are made. Borrowed memory (buffers, parts, the span of parts) must live until they are done. An
// operation that can complete at once does not suspend.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/channel.h"
#include "net/hang_up.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/task.h"
#include "net/tls.h"

namespace gatehouse::net {

class Stream;
class TlsEngine;
using StreamPtr = std::unique_ptr<Stream>;

// An operation of a stream while it waits. Destroying it takes it back.
class StreamOperation {
 public:
  StreamOperation(const StreamOperation&) = delete;
  StreamOperation& operator=(const StreamOperation&) = delete;
  virtual ~StreamOperation() {
    if (pending()) *slot_ = nullptr;
  }

 protected:
  explicit StreamOperation(Stream& stream) : stream_(stream) {}
  void wait_in(StreamOperation*& slot, std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    slot_ = &slot;
    slot = this;
  }
  bool pending() const { return slot_ != nullptr; }
  Stream& stream_;

 private:
  friend class Stream;
  virtual bool attempt() = 0;  // does as much as possible now; returns whether the operation is complete
  virtual void fail(Error error) = 0;
  std::coroutine_handle<> waiting_;
  StreamOperation** slot_ = nullptr;  // the stream's place for it, while it waits and the stream lives
};

class Stream final : private Watcher, private Timer {
 public:
  Stream(Loop& loop, Socket socket, Endpoint peer);
  // Closes without ceremony. See close().
  ~Stream() override;

  class Read;
  class Readable;
  class Write;
  class Handshake;

  // Result<std::size_t>: at least one byte, or 0 when the peer ended in order (TLS: with close_notify).
  // Error{closed}: reset, or TLS that ended without close_notify. Error{timeout}: the deadline passed.
  Read read(std::span<char> into);
  // The same without waiting; nothing: no byte is there yet.
  std::optional<Result<std::size_t>> try_read(std::span<char> into);
  // Result<>: waits until try_read may give something, so that an idle connection needs no buffer.
  Readable readable();

  // Result<>: all parts are handed to the kernel. A write that failed or was cancelled half-way leaves the
  // stream unusable for writing.
  Write write(std::span<const std::string_view> parts);
  Write write(std::string_view part);

  // Result<>: makes a plain stream a TLS one. Bytes that were read before stay read (PROXY protocol).
  // Error{invalid}: the peer did not speak proper TLS; Error{denied}: a certificate was not accepted.
  Handshake accept_tls(std::shared_ptr<const ServerTls> context);
  // `host` is the name, or the address as text, that the certificate must be good for.
  Handshake connect_tls(std::shared_ptr<const ClientTls> context, std::string_view host);
  // After a handshake that failed: whether the peer sent a request of plain HTTP. forget_tls() then makes the
  // stream plain again, without the bytes that the handshake has read.
  bool peer_speaks_http() const;
  void forget_tls();
  // Empty before the handshake is done and for plain streams.
  const TlsFacts* tls() const { return facts_.get(); }

  // Operations that are not done by then, pending and later ones, give Error{timeout}.
  void set_deadline(MonotonicTime deadline);
  void clear_deadline();

  // The next read() may be far off. While input waits, and the peer may wait for room to send more, its end
  // stands behind what it has not sent and cannot be seen. So input of more than kWaiting bytes that waits
  // for longer than kPatience is thrown away, and the stream has lost its input: reads give Error{closed}.
  void let_input_wait();
  static constexpr std::size_t kWaiting = std::size_t{32} << 10U;  // less where the socket's buffer is small
  static constexpr std::chrono::seconds kPatience{1};
  bool input_lost() const { return input_lost_; }

  PeerState peer_state() const { return hang_up_.state(); }
  // Of the peer: cancellable() uses it.
  HangUpSource& hang_up() { return hang_up_; }
  const Endpoint& peer() const { return peer_; }
  Result<Endpoint> local() const { return channel_.socket.local(); }
  Loop& loop() const { return loop_; }

  // Tells the peer that no more bytes follow (close_notify, FIN), as far as possible without waiting.
  void finish_writing();
  // The destructor then sends a reset.
  void abort();

 private:
  friend Task<void> close(StreamPtr stream, MonotonicTime deadline);
  friend Task<Result<StreamPtr>> connect(Loop& loop, Endpoint endpoint, MonotonicTime deadline);

  class Connecting;
  void on_events(std::uint32_t events) override;
  void expired() override;
  // Continues the operation in `slot` if it is done; false: this stream was destroyed meanwhile.
  bool advance(StreamOperation*& slot);
  bool time_out(StreamOperation*& slot);
  bool resume(StreamOperation*& slot);
  Error broken_connection() const;

  Loop& loop_;
  Channel channel_;
  Endpoint peer_;
  HangUpSource hang_up_;
  class UnreadInput;
  void watch_unread_input();
  void throw_unread_input_away();
  bool timed_out_ = false;
  bool input_waits_ = false;  // let_input_wait(), and no read since
  bool input_lost_ = false;
  bool broken_ = false;  // a write ended half-way
  bool finished_ = false;
  bool discarding_ = false;    // the bytes that the engine has decrypted are discarded
  bool* destroyed_ = nullptr;  // set while a coroutine runs that may destroy this stream
  StreamOperation* reader_ = nullptr;
  StreamOperation* writer_ = nullptr;
  std::unique_ptr<TlsEngine> engine_;
  std::unique_ptr<TlsFacts> facts_;
  std::unique_ptr<UnreadInput> unread_input_;  // null until input has waited
};

// Connects by `deadline`. Error{unavailable}: refused or unreachable; Error{timeout}; Error{internal}: this
// machine has no descriptor or port left.
Task<Result<StreamPtr>> connect(Loop& loop, Endpoint endpoint, MonotonicTime deadline);

// Ends a stream so that the last bytes arrive even if the peer still sends: sends the end, then discards the
// peer's bytes until the peer ends too, or `deadline`.
Task<void> close(StreamPtr stream, MonotonicTime deadline);

}  // namespace gatehouse::net

#include "net/stream_operations.h"
