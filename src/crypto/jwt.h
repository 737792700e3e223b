// JSON Web Tokens: a verified signature and claims that hold (RFC 7519, RFC 8725, RFC 9068).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/jws.h"

namespace gatehouse::crypto {

struct JwtRules {
  std::string issuer;                  // `iss` is this, byte for byte
  std::vector<std::string> audiences;  // `aud` holds one of these
  AlgorithmSet algorithms;
  // The media types that `typ` may name, without regard to case and to an "application/" in front
  // (RFC 7515 section 4.1.9).
  std::vector<std::string> types = {"JWT", "at+jwt"};
  enum class WithoutType : std::uint8_t { refused, accepted } without_type = WithoutType::accepted;
  enum class WithoutSubject : std::uint8_t { refused, accepted } without_subject = WithoutSubject::refused;
  // How far the issuer's clock may be from ours, on `exp`, `nbf`, `iat` and `auth_time`.
  std::chrono::seconds leeway{30};
  std::size_t max_token_bytes = kMaxTokenBytes;
};

// Only a JwtVerifier makes one.
class VerifiedToken {
 public:
  json::Value claims() const { return claims_.root(); }  // an object
  std::string_view subject() const { return subject_; }  // `sub`; empty where rules accept that
  WallTime expires() const { return expires_; }  // from this moment it is refused (`exp` and the leeway)
  // When the subject was authenticated: `auth_time` (OpenID Connect Core section 2), or else `iat`. Neither
  // is after the moment of verification, but for the leeway.
  std::optional<WallTime> authenticated_at() const { return authenticated_at_; }
  bool names_method(std::string_view method) const;  // `amr` (RFC 8176)
  // Of the key that verified it (RFC 7638).
  const std::string& key_thumbprint() const { return key_thumbprint_; }
  // The client certificate that it is bound to (RFC 8705 section 3.1), as PeerCertificate::fingerprint;
  // empty: none. Whose connection it came on is for the caller to look at.
  const std::string& certificate() const { return certificate_; }

 private:
  friend class JwtVerifier;
  VerifiedToken() = default;
  json::Document claims_;
  std::string subject_, key_thumbprint_, certificate_;
  WallTime expires_;
  std::optional<WallTime> authenticated_at_;
};

// One for each thread and key source, like the JwsVerifier in it.
class JwtVerifier {
 public:
  explicit JwtVerifier(JwtRules rules);
  std::expected<VerifiedToken, TokenFault> verify(std::string_view token, const KeySet& keys, WallTime now);
  const JwtRules& rules() const { return rules_; }

 private:
  JwtRules rules_;
  JwsVerifier signatures_;
  json::Parser parser_;
};

}  // namespace gatehouse::crypto
