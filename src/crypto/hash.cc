#include "crypto/hash.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "base/encoding.h"
#include "base/entropy.h"
#include "base/secret.h"
#include "base/siphash.h"
#include "crypto/openssl.h"

namespace gatehouse::crypto {
namespace {

using openssl::DigestContext;
using openssl::must;

constexpr std::size_t kBlock = 64;  // of SHA-256

// Looked up once and never given back: it lives as long as the process.
const EVP_MD* sha256_method() {
  static EVP_MD* const method = must(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
  return method;
}
const EVP_MD* sha384_method() {
  static EVP_MD* const method = must(EVP_MD_fetch(nullptr, "SHA2-384", nullptr));
  return method;
}
const EVP_MD* sha512_method() {
  static EVP_MD* const method = must(EVP_MD_fetch(nullptr, "SHA2-512", nullptr));
  return method;
}

template <typename Digest, const EVP_MD* (*kMethod)()>
Digest digest_of(std::string_view data) {
  thread_local const DigestContext context(must(EVP_MD_CTX_new()));
  Digest digest;
  must(EVP_DigestInit_ex2(context.get(), kMethod(), nullptr) == 1 &&
       EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
       EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

EVP_MD_CTX* after_block(std::span<const std::uint8_t> key, std::uint8_t pad) {
  std::array<std::uint8_t, kBlock> block{};
  std::copy(key.begin(), key.end(), block.begin());
  for (std::uint8_t& byte : block) byte = static_cast<std::uint8_t>(byte ^ pad);
  DigestContext context(must(EVP_MD_CTX_new()));
  must(EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) == 1 &&
       EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1);
  wipe(block.data(), block.size());
  return context.release();
}

}  // namespace

Digest128 process_digest(std::string_view data) {
  static const SipKey key = [] {
    SipKey random;
    SystemEntropy().fill({reinterpret_cast<std::uint8_t*>(&random), sizeof random});
    return random;
  }();
  return std::bit_cast<Digest128>(TableHash(key).finish(data));
}

Digest256 sha256(std::string_view data) { return digest_of<Digest256, sha256_method>(data); }
Digest384 sha384(std::string_view data) { return digest_of<Digest384, sha384_method>(data); }
Digest512 sha512(std::string_view data) { return digest_of<Digest512, sha512_method>(data); }

void HmacSha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

// HMAC is written out here, over two kept states, because EVP_MAC hashes the key's two blocks every time or
// keeps a context that threads cannot share.
HmacSha256::HmacSha256(std::span<const std::uint8_t> key) {
  Secret<Digest256> hashed;
  if (key.size() > kBlock) {
    hashed = Secret<Digest256>(sha256(as_text(key)));
    key = hashed.reveal();
  }
  inner_.reset(after_block(key, 0x36));
  outer_.reset(after_block(key, 0x5c));
}

Digest256 HmacSha256::mac(std::string_view data) const {
  thread_local const DigestContext context(must(EVP_MD_CTX_new()));
  Digest256 digest;
  must(EVP_MD_CTX_copy_ex(context.get(), inner_.get()) == 1 &&
       EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
       EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1 &&
       EVP_MD_CTX_copy_ex(context.get(), outer_.get()) == 1 &&
       EVP_DigestUpdate(context.get(), digest.data(), digest.size()) == 1 &&
       EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

bool HmacSha256::matches(std::string_view data, const Digest256& expected) const {
  const Digest256 actual = mac(data);
  return equal_in_constant_time(as_text(actual), as_text(expected));
}

}  // namespace gatehouse::crypto
