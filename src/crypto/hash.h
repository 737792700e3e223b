// SHA-2 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), and a keyed hash for tables of this process. The digests are
// looked up in OpenSSL once and each thread keeps its contexts, which halves the cost of hashing a token.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct evp_md_ctx_st;

namespace gatehouse::crypto {

using Digest128 = std::array<std::uint8_t, 16>;
using Digest256 = std::array<std::uint8_t, 32>;
using Digest384 = std::array<std::uint8_t, 48>;
using Digest512 = std::array<std::uint8_t, 64>;

Digest256 sha256(std::string_view data);
Digest384 sha384(std::string_view data);
Digest512 sha512(std::string_view data);

// SipHash-1-3 of 128 bits under a random key of this process: a table key for texts that callers choose.
// Without the key an attacker cannot find two texts with one digest, or a text for a given digest: no digest
// leaves the process, and the best known collision of one round for each word has a probability of 2^-167
// (Dobraunig, Mendel, Schläffer, "Differential Cryptanalysis of SipHash"). Means nothing outside the process.
Digest128 process_digest(std::string_view data);

// A key made ready once; every mac() starts from that state. Safe to use from several threads.
class HmacSha256 {
 public:
  explicit HmacSha256(std::span<const std::uint8_t> key);  // any length; longer than 64 bytes is hashed first
  Digest256 mac(std::string_view data) const;
  // Compares in constant time.
  bool matches(std::string_view data, const Digest256& expected) const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> inner_;  // after the block key ^ ipad
  std::unique_ptr<evp_md_ctx_st, Free> outer_;  // after the block key ^ opad
};

}  // namespace gatehouse::crypto
