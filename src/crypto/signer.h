// Signs JWTs: the short-lived assertion to upstreams, and the tokens of `gatehouse demo` and of tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/algorithm.h"
#include "crypto/jwk.h"

struct evp_pkey_st;

namespace gatehouse::crypto {

// A private key. Safe to use from several threads.
class Signer {
 public:
  // `invalid` for a text that is not an unencrypted PEM private key of a KeyType.
  static Result<Signer> from_pem(std::string_view pem);
  static Result<Signer> generate(KeyType type, unsigned rsa_bits = 2048);  // rsa_bits only for RSA

  KeyType type() const { return type_; }
  // The first choice for the type: RS256, ES256, ES384, ES512, EdDSA.
  Algorithm algorithm() const;
  std::string_view kid() const { return kid_; }  // the RFC 7638 thumbprint
  Secret<std::string> private_pem() const;       // PKCS #8
  std::string public_jwk() const;                // with `kid` and `use`, and without `alg`
  std::string public_jwks() const;               // a set of this one

  // A compact JWT over a JSON object of claims, with the header {"alg", "kid", "typ"}.
  Result<std::string> sign_jwt(std::string_view claims, std::string_view typ = "JWT") const;
  // Any header and payload, signed with `algorithm`, independent of the header. `invalid` if the key cannot
  // sign with it.
  Result<std::string> sign(Algorithm algorithm, std::string_view header, std::string_view payload) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  Signer() = default;
  static Result<Signer> adopt(std::unique_ptr<evp_pkey_st, Free> key);
  std::unique_ptr<evp_pkey_st, Free> key_;
  std::string kid_;
  KeyType type_ = KeyType::p256;
};

}  // namespace gatehouse::crypto
