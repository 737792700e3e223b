#include "net/tls.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "net/tls_engine.h"

namespace gatehouse::net {
namespace {

struct FreeAny {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_NAME* name) const { X509_NAME_free(name); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeAny>;
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

// Mozilla "intermediate" 6.0; OpenSSL 3.0 lacks its X25519MLKEM768.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::chrono::seconds kTicketLifetime = std::chrono::hours(2);

std::unexpected<Error> tls_failure(std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  const char* const words = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return failure(ErrorCode::invalid,
                 words == nullptr ? std::string(what) : fmt::format("{}: {}", what, words));
}

Owned<BIO> memory(std::string_view text) {
  Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) throw std::bad_alloc();
  return bio;
}

Owned<BIO> memory_to_write() {
  Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio) throw std::bad_alloc();
  return bio;
}

int no_passphrase(char*, int, int, void*) { return -1; }  // and no question on the terminal

// Every certificate of a PEM text. An empty or damaged text is an error.
Result<std::vector<Owned<X509>>> certificates(std::string_view pem, std::string_view what) {
  ERR_clear_error();
  std::vector<Owned<X509>> all;
  const Owned<BIO> bio = memory(pem);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) all.emplace_back(one);
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE) {
    return tls_failure(fmt::format("{} is damaged", what));
  }
  ERR_clear_error();
  if (all.empty()) return failure(ErrorCode::invalid, fmt::format("{} holds no certificate in PEM", what));
  return all;
}

Result<> use_identity(SSL_CTX* context, std::string_view certificate_pem,
                      const Secret<std::string>& key_pem) {
  GATEHOUSE_TRY(const auto chain, certificates(certificate_pem, "the certificate file"));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return tls_failure("the certificate cannot be used");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return tls_failure("an intermediate certificate cannot be used");
    }
  }
  const Owned<BIO> bio = memory(key_pem.reveal());
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return tls_failure("the private key cannot be read (it must be PEM without a passphrase)");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return tls_failure("the private key does not belong to the certificate");
  }
  return {};
}

Result<> trust(SSL_CTX* context, std::string_view ca_pem) {
  GATEHOUSE_TRY(const auto authorities, certificates(ca_pem, "the file of authorities"));
  for (const auto& authority : authorities) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1) {
      return tls_failure("an authority's certificate cannot be used");
    }
  }
  return {};
}

// The name with each text in UTF-8. X509_NAME_cmp() compares most types of text by their characters, and the
// others (NumericString) by their bytes.
Owned<X509_NAME> in_utf8(const X509_NAME* name) {
  Owned<X509_NAME> same(X509_NAME_new());
  int last_part = -1;  // the values of a part with several have one number
  for (int i = 0; same && i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(entry);
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, value);
    const bool is_text = size >= 0;
    const int part = X509_NAME_ENTRY_set(entry);
    const int added = X509_NAME_add_entry_by_OBJ(
        same.get(), X509_NAME_ENTRY_get_object(entry), is_text ? V_ASN1_UTF8STRING : ASN1_STRING_type(value),
        is_text ? text : ASN1_STRING_get0_data(value), is_text ? size : ASN1_STRING_length(value), -1,
        part == last_part ? -1 : 0);
    OPENSSL_free(text);
    if (added != 1) throw std::bad_alloc();
    last_part = part;
  }
  if (!same) throw std::bad_alloc();
  return same;
}

// A name means one authority, because a certificate names its issuer so. A certificate that was renewed has
// the same key.
Result<> check_names(const std::vector<Owned<X509>>& authorities) {
  for (auto one = authorities.begin(); one != authorities.end(); ++one) {
    for (auto other = one + 1; other != authorities.end(); ++other) {
      X509_NAME* const name = X509_get_subject_name(one->get());
      if (X509_check_ca(one->get()) == 0 || X509_check_ca(other->get()) == 0 ||
          X509_NAME_cmp(in_utf8(name).get(), in_utf8(X509_get_subject_name(other->get())).get()) != 0 ||
          EVP_PKEY_eq(X509_get0_pubkey(one->get()), X509_get0_pubkey(other->get())) == 1) {
        continue;
      }
      const Owned<BIO> text = memory_to_write();
      X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253);
      char* bytes = nullptr;
      const long size = BIO_get_mem_data(text.get(), &bytes);
      return failure(ErrorCode::invalid,
                     fmt::format("two authorities with different keys have the name `{}`, so it is ambiguous "
                                 "which of them signed a certificate; keep one, or rename one",
                                 std::string_view(bytes, static_cast<std::size_t>(size))));
    }
  }
  return {};
}

// Builds the chain of client_ca's certificates alone. The operator has not named an authority that only the
// client sends: it could carry the name of a trusted one, and no revocation list covers it.
int verify_client(X509_STORE_CTX* verification, void*) {
  X509_STORE_CTX_set0_untrusted(verification, nullptr);
  return X509_verify_cert(verification);
}

Result<std::string> alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) return failure(ErrorCode::invalid, "a bad ALPN name");
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

// RFC 7301, section 3.2: no overlap is a fatal alert.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void* argument) {
  const std::string& ours = *static_cast<const std::string*>(argument);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<Context> make_context(const SSL_METHOD* method) {
  ERR_clear_error();
  Context context(SSL_CTX_new(method));
  if (!context) throw std::bad_alloc();
  SSL_CTX* const c = context.get();
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);  // 10 KB less for an idle connection
  SSL_CTX_set_read_ahead(c, 1);                   // a record in one receive, not header and body
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(c, kCiphers) != 1 ||
      SSL_CTX_set_ciphersuites(c, kSuites) != 1 || SSL_CTX_set1_groups_list(c, kGroups) != 1) {
    return tls_failure("this OpenSSL lacks the cipher suites");
  }
  return context;
}

}  // namespace

ServerTls::ServerTls(std::unique_ptr<Native> native, std::string client_authorities)
    : native_(std::move(native)), client_authorities_(std::move(client_authorities)) {}
ServerTls::~ServerTls() = default;

Result<std::shared_ptr<const ServerTls>> ServerTls::make(const ServerTlsOptions& options) {
  auto native = std::make_unique<Native>();
  GATEHOUSE_TRY(native->context, make_context(TLS_server_method()));
  SSL_CTX* const c = native->context.get();
  GATEHOUSE_CHECK(use_identity(c, options.certificate_pem, options.private_key_pem));

  if (options.minimum == TlsVersion::tls_1_3) SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);

  GATEHOUSE_TRY(native->alpn, alpn_wire(options.alpn));
  if (!native->alpn.empty()) SSL_CTX_set_alpn_select_cb(c, choose_protocol, &native->alpn);
  SSL_CTX_set_tlsext_servername_callback(c, +[](SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; });

  if (options.client_certificates == ClientCertificates::none) {
    SSL_CTX_set_num_tickets(c, 1);
    SSL_CTX_set_timeout(c, kTicketLifetime.count());
  } else {
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(c, 0);
    GATEHOUSE_CHECK(trust(c, options.client_ca_pem));
    GATEHOUSE_TRY(const auto authorities, certificates(options.client_ca_pem, "the file of authorities"));
    GATEHOUSE_CHECK(check_names(authorities));
    for (const auto& authority : authorities) SSL_CTX_add_client_CA(c, authority.get());
    SSL_CTX_set_verify(c,
                       options.client_certificates == ClientCertificates::require
                           ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                           : SSL_VERIFY_PEER,
                       nullptr);
    SSL_CTX_set_cert_verify_callback(c, verify_client, nullptr);
  }
  const bool asked = options.client_certificates != ClientCertificates::none;
  return std::shared_ptr<const ServerTls>(
      new ServerTls(std::move(native), asked ? options.client_ca_pem : std::string()));
}

ClientTls::ClientTls(std::unique_ptr<Native> native) : native_(std::move(native)) {}
ClientTls::~ClientTls() = default;

Result<std::shared_ptr<const ClientTls>> ClientTls::make(const ClientTlsOptions& options) {
  auto native = std::make_unique<Native>();
  GATEHOUSE_TRY(native->context, make_context(TLS_client_method()));
  SSL_CTX* const c = native->context.get();
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  if (options.ca_pem) {
    GATEHOUSE_CHECK(trust(c, *options.ca_pem));
  } else if (SSL_CTX_set_default_verify_paths(c) != 1) {
    return tls_failure("the system has no authorities");
  }
  if (!options.certificate_pem.empty()) {
    GATEHOUSE_CHECK(use_identity(c, options.certificate_pem, options.private_key_pem));
  }
  GATEHOUSE_TRY(const std::string alpn, alpn_wire(options.alpn));
  if (!alpn.empty() && SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(alpn.data()),
                                               static_cast<unsigned>(alpn.size())) != 0) {
    throw std::bad_alloc();
  }
  return std::shared_ptr<const ClientTls>(new ClientTls(std::move(native)));
}

}  // namespace gatehouse::net
