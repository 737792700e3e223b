// Owners for OpenSSL's objects. Included by this room's .cc files only.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace gatehouse::crypto::openssl {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Bignum = std::unique_ptr<BIGNUM, Free<BN_free>>;
using BignumContext = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// For calls that fail only when memory is out or the library is broken.
inline void must(bool worked) {
  if (!worked) [[unlikely]] {
    ERR_clear_error();
    throw std::runtime_error("OpenSSL refused a call that cannot fail");
  }
}
template <typename T>
T* must(T* object) {
  must(object != nullptr);
  return object;
}

// Empties the thread's error queue at the end of a scope: otherwise the next SSL_get_error() finds the error
// and ends an unrelated connection.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

// The bytes that were written to a memory BIO.
inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

inline Bignum from_big_endian(const void* data, std::size_t size) {
  return Bignum(must(BN_bin2bn(static_cast<const unsigned char*>(data), static_cast<int>(size), nullptr)));
}

inline const unsigned char* bytes(const std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace gatehouse::crypto::openssl
