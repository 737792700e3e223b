// X.509 (RFC 5280): reading the certificate that a client proved to hold, and a small certificate authority
// for `gatehouse demo` and for tests.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/secret.h"

struct evp_pkey_st;
struct x509_st;

namespace gatehouse::crypto {

// Text fields are UTF-8 without control characters. A certificate with others is refused, because a rule must
// compare the text that the authority meant.
struct PeerCertificate {
  std::string subject;      // RFC 4514: "CN=orders,O=Partner"; empty when the subject is
  std::string issuer;       // the same, of the authority that signed it
  std::string common_name;  // empty unless there is exactly one
  std::vector<std::string> dns_names;
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  std::vector<IpAddress> addresses;
  std::string serial;       // hex, lower case, no leading zeros
  std::string fingerprint;  // SHA-256 of the DER, hex, lower case
  WallTime not_before;
  WallTime not_after;
};

// Reads only: whether the chain is good was decided by the TLS handshake.
Result<PeerCertificate> parse_certificate(std::string_view der);
Result<PeerCertificate> parse_certificate_pem(std::string_view pem);  // the first certificate

// The subjects of the authorities of a PEM file, each once, however it is
// written: those at the root and those in between. Sorted.
Result<std::vector<std::string>> authority_subjects(std::string_view pem);

struct IssuedCertificate {
  std::string certificate_pem;
  Secret<std::string> private_key_pem;  // PKCS #8
};

// A P-256 authority whose key is in this object, and in the output of private_key_pem().
class CertificateAuthority {
 public:
  static Result<CertificateAuthority> make(std::string_view common_name, WallTime now,
                                           std::chrono::days validity);
  static Result<CertificateAuthority> from_pem(std::string_view certificate, std::string_view private_key);

  std::string certificate_pem() const;
  Secret<std::string> private_key_pem() const;

  // With serverAuth, for these names (the first is the common name) and addresses; not both may be empty.
  Result<IssuedCertificate> issue_server(std::span<const std::string> names,
                                         std::span<const IpAddress> addresses, WallTime now,
                                         std::chrono::days validity) const;
  // With clientAuth. `uri` is a subjectAltName, left out when empty.
  Result<IssuedCertificate> issue_client(std::string_view common_name, std::string_view uri, WallTime now,
                                         std::chrono::days validity) const;

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  struct FreeCertificate {
    void operator()(x509_st* certificate) const;
  };
  struct Order {
    int purpose_nid;
    std::string_view common_name;
    std::span<const std::string> dns_names;
    std::span<const IpAddress> addresses;
    std::string_view uri;
    WallTime now;
    std::chrono::days validity;
  };
  CertificateAuthority() = default;
  Result<IssuedCertificate> issue(const Order& order) const;
  std::unique_ptr<evp_pkey_st, FreeKey> key_;
  std::unique_ptr<x509_st, FreeCertificate> certificate_;
};

}  // namespace gatehouse::crypto
