// One TLS connection over a Channel: OpenSSL on a BIO of this room, which receives directly into OpenSSL's
// read-ahead buffer and sends the output of one call at once. Inside this room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "base/result.h"
#include "net/channel.h"
#include "net/loop.h"
#include "net/tls.h"

namespace gatehouse::net {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeConnection {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

struct ServerTls::Native {
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::string alpn;  // in wire form (RFC 7301, section 3.1)
};
struct ClientTls::Native {
  std::unique_ptr<SSL_CTX, FreeContext> context;
};

class TlsEngine {
 public:
  TlsEngine(std::shared_ptr<const ServerTls> context, Channel& channel, Loop& loop);
  // Throws nothing; a host that OpenSSL does not take fails the handshake.
  TlsEngine(std::shared_ptr<const ClientTls> context, std::string_view host, Channel& channel, Loop& loop);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  enum class Outcome : std::uint8_t { done, blocked, ended, failed };

  Outcome handshake();
  // done: `got` bytes. ended: close_notify came. failed: see error().
  Outcome read(std::span<char> into, std::size_t& got);
  // Encrypts all of `chunk` (at most kChunk bytes) and sends as much as goes; the rest is output_pending().
  static constexpr std::size_t kRecord = std::size_t{16} << 10U;
  static constexpr std::size_t kChunk = 3 * kRecord;
  Outcome write(std::string_view chunk);
  // Sends more of the pending output: done, blocked or failed.
  Outcome flush();
  void send_close_notify();

  bool output_pending() const { return sent_ < pending_.size(); }
  // Whether OpenSSL holds bytes that no event will announce.
  bool input_buffered() const { return SSL_has_pending(ssl_.get()) == 1; }

  // After `failed`, once.
  Error take_error() { return std::move(error_); }
  // After a handshake that failed.
  bool peer_speaks_http() const { return peer_speaks_http_; }
  TlsFacts facts() const;

 private:
  friend struct EngineBio;
  enum class Corking : std::uint8_t { each_write_is_sent, until_the_call_ends };

  void begin(Corking corking);
  void finish();
  void emit(std::string_view ciphertext);
  void attach();
  Outcome outcome_of(int returned);
  Error describe(int kind);

  std::shared_ptr<const void> context_;
  Channel& channel_;
  Loop& loop_;
  std::unique_ptr<SSL, FreeConnection> ssl_;
  Corking corking_ = Corking::each_write_is_sent;
  std::size_t corked_ = 0;  // bytes of the loop's output scratch that wait for finish()
  std::string pending_;     // ciphertext that the socket did not take
  std::size_t sent_ = 0;    // of pending_
  bool handshaken_ = false;
  bool failed_ = false;
  bool peer_speaks_http_ = false;
  Error error_;
};

}  // namespace gatehouse::net
