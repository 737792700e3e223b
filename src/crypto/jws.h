// Verifies JWS in the compact serialization (RFC 7515 section 5.2, with the rules of RFC 8725).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/algorithm.h"
#include "crypto/jwk.h"
#include "crypto/token_fault.h"
#include "json/document.h"
#include "json/parser.h"

struct evp_md_ctx_st;
struct evp_pkey_ctx_st;

namespace gatehouse::crypto {

inline constexpr std::size_t kMaxTokenBytes = 8192;

// The proof that a signature was checked. Views into the verifier: valid until its next verify().
class VerifiedJws {
 public:
  json::Value header() const { return header_; }
  std::string_view payload() const { return payload_; }  // the decoded bytes
  const PublicKey& key() const { return *key_; }
  Algorithm algorithm() const { return algorithm_; }

 private:
  friend class JwsVerifier;
  VerifiedJws(json::Value header, std::string_view payload, const PublicKey& key, Algorithm algorithm)
      : header_(header), payload_(payload), key_(&key), algorithm_(algorithm) {}
  json::Value header_;
  std::string_view payload_;
  const PublicKey* key_;
  Algorithm algorithm_;
};

// Keeps buffers, and a prepared OpenSSL context for each key it has used. One for each thread and key source:
// contexts are dropped for a new set.
//
// A signature is verified with one key, chosen from the set by `kid` and `alg`, and only if the caller and
// the key allow `alg`. `jku`, `x5u`, `jwk`, `x5c` and `x5t` are never read. OpenSSL's error queue is always
// empty afterwards.
class JwsVerifier {
 public:
  explicit JwsVerifier(std::size_t max_token_bytes = kMaxTokenBytes);
  JwsVerifier(JwsVerifier&&) noexcept;
  ~JwsVerifier();

  std::expected<VerifiedJws, TokenFault> verify(std::string_view token, const KeySet& keys,
                                                AlgorithmSet allowed);

 private:
  struct FreeDigest {
    void operator()(evp_md_ctx_st* context) const;
  };
  struct FreeKey {
    void operator()(evp_pkey_ctx_st* context) const;
  };
  using KeyContext = std::unique_ptr<evp_pkey_ctx_st, FreeKey>;

  bool signature_holds(const PublicKey& key, std::size_t index, Algorithm algorithm, std::string_view input);
  evp_pkey_ctx_st* prepared(const PublicKey& key, std::size_t index, Algorithm algorithm);

  std::size_t max_token_bytes_;
  json::Parser parser_;
  json::Document header_;
  std::string header_text_;
  std::string payload_;
  std::string signature_;
  std::string der_;
  std::unique_ptr<evp_md_ctx_st, FreeDigest> edwards_;
  std::vector<std::array<KeyContext, kAlgorithms>> contexts_;  // by position in the set
  std::uint64_t generation_ = 0;                               // of the set the contexts belong to
};

}  // namespace gatehouse::crypto
