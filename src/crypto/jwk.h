// Keys that verify signatures, as a JWK Set publishes them (RFC 7517, RFC 7518 section 6, RFC 8037).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/algorithm.h"
#include "json/document.h"

struct evp_pkey_st;

namespace gatehouse::crypto {

enum class KeyType : std::uint8_t { rsa, p256, p384, p521, ed25519, ed448 };

// One public key that passed every check: an odd RSA modulus of 2048 to 8192 bits with an odd exponent
// between 2^16 and 2^32 (FIPS 186-5 section 5.1 draws the lower bound); a point that is on its curve; an
// Edwards point that is canonical and not of low order. Immutable.
class PublicKey {
 public:
  // `invalid` with the reason. A private or symmetric key is `denied`.
  static Result<PublicKey> from_jwk(json::Value jwk);

  std::string_view kid() const { return kid_; }  // empty when the key has none
  KeyType type() const { return type_; }
  // The algorithms that the key may verify: all of its type and curve, or the one that its `alg` names.
  AlgorithmSet algorithms() const { return algorithms_; }
  // RFC 7638, SHA-256, base64url.
  std::string_view thumbprint() const { return thumbprint_; }
  std::size_t signature_bytes() const { return signature_bytes_; }  // every signature has exactly this length
  // The order of the curve's group, big-endian, in half of signature_bytes(); empty unless the key is for
  // ECDSA.
  std::string_view order() const { return order_; }
  evp_pkey_st* handle() const { return key_.get(); }

 private:
  PublicKey() = default;
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  std::unique_ptr<evp_pkey_st, Free> key_;
  std::string kid_;
  std::string thumbprint_;
  std::string order_;
  std::size_t signature_bytes_ = 0;
  AlgorithmSet algorithms_;
  KeyType type_ = KeyType::rsa;
};

// Immutable, and safe to share between threads.
class KeySet {
 public:
  // A JWK Set. A text that is not a set is refused, and so is a set with a private or a symmetric key, which
  // should not have been published. A key of an unknown type, curve or use, or one that fails a check of its
  // own, is left out and named in skipped() (RFC 7517 section 5). Two entries that are the same key under the
  // same kid count once. A set may be empty: then it verifies nothing.
  static Result<KeySet> parse(std::string_view jwks);
  static Result<KeySet> from_json(json::Value jwks);

  std::span<const PublicKey> keys() const { return keys_; }
  // For the operator: one sentence for each key that was left out.
  std::span<const std::string> skipped() const { return skipped_; }
  // Differs for every set made in this process: caches compare it.
  std::uint64_t generation() const { return generation_; }
  // Whether replacing one by the other would change no answer (a refetch that brought nothing new).
  bool same_keys_as(const KeySet& other) const;

  // The key for a token. With a kid, the key of that kid that fits the algorithm; without one, the key of the
  // set that fits. Exactly one key must fit: a token is never tried against several, so that it costs one
  // verification and its meaning does not depend on an order.
  enum class Found : std::uint8_t { one, none, several };
  struct Match {
    Found found = Found::none;
    std::size_t index = 0;  // into keys(), when one was found
  };
  Match find(std::optional<std::string_view> kid, Algorithm algorithm) const;

 private:
  KeySet() = default;
  std::vector<PublicKey> keys_;
  std::vector<std::string> skipped_;
  std::uint64_t generation_ = 0;
};

// The RFC 7638 thumbprint of a JWK of any kind that RFC 7638, 7517 or 8037 defines members for.
Result<std::string> thumbprint(json::Value jwk);

}  // namespace gatehouse::crypto
