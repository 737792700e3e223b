// TLS contexts: the TLS configuration of a listener or an upstream. Immutable and shared by all workers. A
// reload makes a new one for new connections, and the old one is destroyed with its last connection.
//
// TLS 1.2 and 1.3 (RFC 8446, RFC 9325), Mozilla's "intermediate" 6.0 cipher suites; no compression, no
// renegotiation, no early data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace gatehouse::net {

enum class ClientCertificates : std::uint8_t {
  none,     // never asked for
  request,  // asked for; a bad one fails the handshake, none is accepted
  require,  // no connection without a good one
};

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

struct ServerTlsOptions {
  std::string certificate_pem;  // leaf first, then the intermediates
  Secret<std::string> private_key_pem;
  TlsVersion minimum = TlsVersion::tls_1_2;
  ClientCertificates client_certificates = ClientCertificates::none;
  // The authorities of client certificates; needed unless `none`. It holds every authority of a chain, the
  // root and the intermediate ones: intermediate certificates that a client sends are ignored.
  std::string client_ca_pem;
  std::vector<std::string> alpn = {"http/1.1"};  // in the server's order of preference
};

class ServerTls {
 public:
  // Error{invalid}: the text names the option and the problem.
  //
  // Session tickets: on, under random keys that live only in this context, so make a new context once a day
  // (RFC 9325, section 4.2.1 in spirit: a ticket key gives access to all its connections). Off with client
  // certificates: each connection proves its certificate anew.
  static Result<std::shared_ptr<const ServerTls>> make(const ServerTlsOptions& options);
  ~ServerTls();

  // PEM; empty where client certificates are not asked for.
  const std::string& client_authorities() const { return client_authorities_; }

  struct Native;  // OpenSSL's, inside this room
  const Native& native() const { return *native_; }

 private:
  ServerTls(std::unique_ptr<Native> native, std::string client_authorities);
  std::unique_ptr<Native> native_;
  std::string client_authorities_;
};

struct ClientTlsOptions {
  std::optional<std::string> ca_pem;  // none: the system's authorities; it must hold a certificate
  std::vector<std::string> alpn;
  std::string certificate_pem;  // to identify ourselves with; may be empty
  Secret<std::string> private_key_pem;
};

class ClientTls {
 public:
  static Result<std::shared_ptr<const ClientTls>> make(const ClientTlsOptions& options);
  ~ClientTls();

  struct Native;
  const Native& native() const { return *native_; }

 private:
  explicit ClientTls(std::unique_ptr<Native> native);
  std::unique_ptr<Native> native_;
};

// The result of a finished handshake.
struct TlsFacts {
  std::string_view version;      // "TLSv1.3"; static text
  std::string_view cipher;       // "TLS_AES_128_GCM_SHA256"; static text
  std::string alpn;              // empty: the peer offered none
  std::string server_name;       // SNI as sent; empty: none
  std::string peer_certificate;  // DER of the verified certificate; empty: none was presented
  // When the first of the certificates ends by which the handshake verified the peer's: its own, those of the
  // authorities in between, and the root's. WallTime::max() where none was presented.
  WallTime peer_chain_ends = WallTime::max();
  bool resumed = false;
};

}  // namespace gatehouse::net
