// Helpers of this room's tests: running a task to its end, connected streams, certificates.
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::net::testing {

template <typename T>
Task<void> keep_result(Loop& loop, Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
  loop.stop();
}

// Runs the loop until `task` has given its value.
template <typename T>
T run(Loop& loop, Task<T> task) {
  std::optional<T> result;
  spawn(loop, keep_result(loop, std::move(task), result));
  loop.run();
  return *std::move(result);
}

template <typename T>
Task<void> store(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
}

// Starts `task` and lets it put its value into `out` some time.
template <typename T>
void start(Loop& loop, Task<T> task, std::optional<T>& out) {
  spawn(loop, store(std::move(task), out));
}

// Turns the loop until `done()`, without waiting for the clock.
template <typename F>
void turn_until(Loop& loop, F done) {
  while (!done()) loop.poll();
}

// Reads to the end, a turn of the loop after each read.
inline Task<Result<std::string>> read_slowly(Loop& loop, Stream& stream) {
  std::string all;
  std::string buffer(5000, '\0');
  for (;;) {
    auto n = co_await stream.read(buffer);
    GATEHOUSE_CO_CHECK(n);
    if (*n == 0) co_return all;
    all.append(buffer, 0, *n);
    co_await yield(loop);
  }
}

inline Endpoint loopback(std::uint16_t port = 0) { return {*IpAddress::parse("127.0.0.1"), port}; }

struct Pair {
  StreamPtr client;
  StreamPtr server;
};

inline Task<Pair> make_pair(Loop& loop) {
  auto listener = Listener::open(loop, loopback());
  if (!listener) throw std::runtime_error(listener.error().text);
  auto client = co_await connect(loop, (*listener)->endpoint(), Timer::kNever);
  if (!client) throw std::runtime_error(client.error().text);
  auto accepted = co_await (*listener)->accept();
  if (!accepted) throw std::runtime_error(accepted.error().text);
  auto server = std::make_unique<Stream>(loop, std::move(accepted->socket), accepted->peer);
  co_return Pair{std::move(*client), std::move(server)};
}

inline Pair connected(Loop& loop) { return run(loop, make_pair(loop)); }

// Everything until the end, or the error.
inline Task<Result<std::string>> read_all(Stream& stream) {
  std::string all;
  std::string buffer(size_t{1} << 16U, '\0');
  for (;;) {
    auto n = co_await stream.read(buffer);
    GATEHOUSE_CO_CHECK(n);
    if (*n == 0) co_return all;
    all.append(buffer, 0, *n);
  }
}

inline Task<Result<Accepted>> accept_one(Listener& listener) {
  auto accepted = co_await listener.accept();
  co_return accepted;
}
inline Task<Result<std::string>> read_some(Stream& stream) {
  std::string buffer(size_t{1} << 16U, '\0');
  auto n = co_await stream.read(buffer);
  GATEHOUSE_CO_CHECK(n);
  buffer.resize(*n);
  co_return buffer;
}

inline Task<Result<>> write_all(Stream& stream, std::string bytes) {
  auto written = co_await stream.write(bytes);
  co_return written;
}

// ---- certificates

// A key with its certificate, signed by `issuer` or by itself.
class Identity {
 public:
  enum class Use : std::uint8_t { leaf, authority };
  // Without an issuer it is an authority that vouches for itself.
  Identity(const std::string& name, const Identity* issuer, const std::string& alternative_names,
           Use use = Use::leaf, std::chrono::seconds validity = std::chrono::hours(24),
           int type_of_name = MBSTRING_UTF8)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    X509* const c = certificate_.get();
    X509_set_version(c, 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), validity.count());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", type_of_name,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* const signer = issuer != nullptr ? issuer->certificate_.get() : c;
    X509_set_issuer_name(c, X509_get_subject_name(signer));
    X509_set_pubkey(c, key_.get());
    add(NID_basic_constraints, issuer == nullptr || use == Use::authority ? "critical,CA:TRUE" : "CA:FALSE",
        signer);
    if (!alternative_names.empty()) add(NID_subject_alt_name, alternative_names, signer);
    if (X509_sign(c, issuer != nullptr ? issuer->key_.get() : key_.get(), EVP_sha256()) == 0) std::abort();
  }

  std::string certificate_pem() const {
    return pem([this](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  Secret<std::string> key_pem() const {
    return Secret<std::string>(pem([this](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    }));
  }
  std::string der() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate_.get(), &bytes);
    std::string text(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return text;
  }

 private:
  void add(int kind, const std::string& value, X509* signer) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, signer, certificate_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  template <typename F>
  static std::string pem(F write) {
    BIO* const bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace gatehouse::net::testing
