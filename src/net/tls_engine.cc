#include "net/tls_engine.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <new>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/ip.h"
#include "net/socket_address.h"

namespace gatehouse::net {

// A peer that asks for answers on the TLS level (key updates) and does not read them is cut off here.
constexpr std::size_t kMostUnasked = std::size_t{256} << 10U;

struct EngineBio {
  static TlsEngine& engine(BIO* bio) { return *static_cast<TlsEngine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    const std::ptrdiff_t n = engine(bio).channel_.receive({into, static_cast<std::size_t>(size)});
    if (n >= 0) return static_cast<int>(n);
    if (n == Channel::kBlocked) BIO_set_retry_read(bio);
    return -1;
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    TlsEngine& self = engine(bio);
    if (self.channel_.error != 0 || self.pending_.size() - self.sent_ > kMostUnasked) return -1;
    self.emit({from, static_cast<std::size_t>(size)});
    return size;
  }

  static long control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH: return 1;
      case BIO_CTRL_EOF: return engine(bio).channel_.ended ? 1 : 0;
      default: return 0;
    }
  }

  static BIO_METHOD* method() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatehouse channel");
      if (made == nullptr) throw std::bad_alloc();
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return method;
  }
};

TlsEngine::TlsEngine(std::shared_ptr<const ServerTls> context, Channel& channel, Loop& loop)
    : channel_(channel), loop_(loop), ssl_(SSL_new(context->native().context.get())) {
  context_ = std::move(context);
  attach();
  SSL_set_accept_state(ssl_.get());
}

TlsEngine::TlsEngine(std::shared_ptr<const ClientTls> context, std::string_view host, Channel& channel,
                     Loop& loop)
    : channel_(channel), loop_(loop), ssl_(SSL_new(context->native().context.get())) {
  context_ = std::move(context);
  attach();
  SSL* const ssl = ssl_.get();
  SSL_set_connect_state(ssl);
  // RFC 9110, section 4.3.4: the certificate must be good for the name, or for the address itself.
  const std::string name(host);
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool accepted = IpAddress::parse(host)
                            ? X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str()) == 1
                            : !name.empty() &&
                                  X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size()) == 1 &&
                                  SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
  if (!accepted) {
    failed_ = true;
    error_ = {ErrorCode::invalid, fmt::format("'{}' is not a host name", host)};
  }
}

TlsEngine::~TlsEngine() = default;

void TlsEngine::attach() {
  BIO* const bio = ssl_ == nullptr ? nullptr : BIO_new(EngineBio::method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

// A foreign failure that was left in OpenSSL's error queue must not be taken for this connection's.
void TlsEngine::begin(Corking corking) {
  if (ERR_peek_error() != 0) ERR_clear_error();  // looking is cheaper than clearing
  corking_ = corking;
}

void TlsEngine::emit(std::string_view ciphertext) {
  if (output_pending()) {
    pending_.append(ciphertext);
    return;
  }
  const auto scratch = loop_.output_scratch();
  if (corking_ == Corking::until_the_call_ends && ciphertext.size() <= scratch.size() - corked_) {
    std::memcpy(scratch.data() + corked_, ciphertext.data(), ciphertext.size());
    corked_ += ciphertext.size();
    return;
  }
  finish();
  if (output_pending()) {
    pending_.append(ciphertext);
    return;
  }
  const std::ptrdiff_t n = channel_.send(std::span(ciphertext));
  const std::size_t taken = n > 0 ? static_cast<std::size_t>(n) : 0;
  if (n != Channel::kFailed && taken < ciphertext.size()) pending_.assign(ciphertext.substr(taken));
}

void TlsEngine::finish() {
  if (corked_ == 0) return;
  const std::string_view corked(loop_.output_scratch().data(), std::exchange(corked_, 0));
  const std::ptrdiff_t n = channel_.send(std::span(corked));
  const std::size_t taken = n > 0 ? static_cast<std::size_t>(n) : 0;
  if (n != Channel::kFailed && taken < corked.size()) pending_.assign(corked.substr(taken));
}

TlsEngine::Outcome TlsEngine::flush() {
  while (output_pending()) {
    const std::ptrdiff_t n = channel_.send(std::span(pending_).subspan(sent_));
    if (n == Channel::kBlocked) return Outcome::blocked;
    if (n == Channel::kFailed) {
      error_ = system_error(ErrorCode::closed, "send", channel_.error);
      return Outcome::failed;
    }
    sent_ += static_cast<std::size_t>(n);
  }
  if (sent_ != 0) {
    pending_ = std::string();  // gives the memory back
    sent_ = 0;
  }
  return Outcome::done;
}

TlsEngine::Outcome TlsEngine::handshake() {
  if (failed_) return Outcome::failed;
  begin(Corking::until_the_call_ends);
  const int returned = SSL_do_handshake(ssl_.get());
  const Outcome outcome = returned == 1 ? Outcome::done : outcome_of(returned);
  finish();
  handshaken_ = outcome == Outcome::done;
  return outcome;
}

TlsEngine::Outcome TlsEngine::read(std::span<char> into, std::size_t& got) {
  if (failed_) return Outcome::failed;
  begin(Corking::until_the_call_ends);
  const int returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  const Outcome outcome = returned == 1 ? Outcome::done : outcome_of(returned);
  finish();
  return outcome;
}

TlsEngine::Outcome TlsEngine::write(std::string_view chunk) {
  if (failed_) return Outcome::failed;
  begin(chunk.size() <= kRecord ? Corking::each_write_is_sent : Corking::until_the_call_ends);
  std::size_t written = 0;
  const int returned = SSL_write_ex(ssl_.get(), chunk.data(), chunk.size(), &written);
  const Outcome outcome = returned == 1 ? Outcome::done : outcome_of(returned);
  finish();
  return outcome;
}

void TlsEngine::send_close_notify() {
  if (failed_ || !handshaken_) return;
  begin(Corking::each_write_is_sent);
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsEngine::Outcome TlsEngine::outcome_of(int returned) {
  const int kind = SSL_get_error(ssl_.get(), returned);
  switch (kind) {
    case SSL_ERROR_WANT_READ: return Outcome::blocked;
    case SSL_ERROR_ZERO_RETURN: return Outcome::ended;
    default:
      failed_ = true;  // OpenSSL allows nothing more on a connection that failed
      error_ = describe(kind);
      ERR_clear_error();
      return Outcome::failed;
  }
}

Error TlsEngine::describe(int kind) {
  const char* const stage = handshaken_ ? "TLS" : "TLS handshake";
  if (channel_.error != 0) return system_error(ErrorCode::closed, stage, channel_.error);
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    switch (reason) {
      case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return {ErrorCode::closed, fmt::format("{}: the connection ended without close_notify", stage)};
      case SSL_R_HTTP_REQUEST:
        peer_speaks_http_ = true;
        return {ErrorCode::invalid, fmt::format("{}: the peer speaks plain HTTP", stage)};
      case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return {ErrorCode::denied,
                fmt::format("{}: the peer's certificate is not accepted: {}", stage,
                            X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())))};
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return {ErrorCode::denied, fmt::format("{}: the peer presented no certificate", stage)};
      default: break;
    }
  }
  if (code == 0) {
    const bool ended = channel_.ended || kind == SSL_ERROR_SYSCALL;
    return {ended ? ErrorCode::closed : ErrorCode::internal,
            fmt::format("{}: {}", stage, ended ? "the connection ended" : "failed")};
  }
  const char* const words = ERR_reason_error_string(code);
  return {ErrorCode::invalid,
          fmt::format("{}: {}", stage, words != nullptr ? words : fmt::format("error {:x}", code))};
}

// A date that cannot be read has passed.
static WallTime end_of(const X509* certificate) {
  constexpr std::time_t kLast = 9'000'000'000;
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return WallTime::min();
  return WallTime{std::chrono::seconds{std::clamp<std::time_t>(timegm(&parts), 0, kLast)}};
}

// OpenSSL keeps no chain of a session that was resumed, so such a one has the peer's certificate alone; where
// a server asks for certificates, none is (tls.cc).
static WallTime end_of_chain(const SSL* ssl, const X509* peer) {
  WallTime end = end_of(peer);
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    end = std::min(end, end_of(sk_X509_value(chain, i)));
  }
  return end;
}

TlsFacts TlsEngine::facts() const {
  const SSL* const ssl = ssl_.get();
  TlsFacts facts;
  facts.version = SSL_get_version(ssl);
  facts.cipher = SSL_get_cipher_name(ssl);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size != 0) facts.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) facts.server_name = name;
  if (X509* const certificate = SSL_get0_peer_certificate(ssl)) {
    facts.peer_chain_ends = end_of_chain(ssl, certificate);
    const int length = i2d_X509(certificate, nullptr);
    if (length > 0) {
      facts.peer_certificate.resize(static_cast<std::size_t>(length));
      auto* out = reinterpret_cast<unsigned char*>(facts.peer_certificate.data());
      i2d_X509(certificate, &out);
    }
  }
  facts.resumed = SSL_session_reused(ssl) == 1;
  return facts;
}

}  // namespace gatehouse::net
