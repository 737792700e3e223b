#include "crypto/signer.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "crypto/openssl.h"
#include "json/parser.h"
#include "json/writer.h"

namespace gatehouse::crypto {
namespace {

using openssl::must;

std::string number_of(EVP_PKEY* key, const char* parameter, std::size_t bytes) {
  BIGNUM* number = nullptr;
  must(EVP_PKEY_get_bn_param(key, parameter, &number) == 1);
  const openssl::Bignum owned(number);
  if (bytes == 0) bytes = static_cast<std::size_t>(BN_num_bytes(number));
  std::string text(bytes, '\0');
  must(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(bytes)) > 0);
  return base64url(text);
}

struct Curve {
  KeyType type;
  const char* group;
  std::string_view name;
  std::size_t bytes;
};
constexpr Curve kCurves[] = {{KeyType::p256, "prime256v1", "P-256", 32},
                             {KeyType::p384, "secp384r1", "P-384", 48},
                             {KeyType::p521, "secp521r1", "P-521", 66}};

const Curve& curve_of(KeyType type) {
  for (const Curve& curve : kCurves) {
    if (curve.type == type) return curve;
  }
  throw std::logic_error("not an elliptic-curve key type");
}

std::optional<KeyType> type_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return KeyType::rsa;
    case EVP_PKEY_ED25519: return KeyType::ed25519;
    case EVP_PKEY_ED448: return KeyType::ed448;
    case EVP_PKEY_EC: break;
    default: return std::nullopt;
  }
  char group[32];
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1) return std::nullopt;
  for (const Curve& curve : kCurves) {
    if (std::string_view(group, size) == curve.group) return curve.type;
  }
  return std::nullopt;
}

// The public members alone, without the closing brace.
std::string open_jwk(EVP_PKEY* key, KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return fmt::format(R"({{"kty":"RSA","n":"{}","e":"{}")", number_of(key, OSSL_PKEY_PARAM_RSA_N, 0),
                         number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
    case KeyType::p256:
    case KeyType::p384:
    case KeyType::p521: {
      const Curve& curve = curve_of(type);
      return fmt::format(R"({{"kty":"EC","crv":"{}","x":"{}","y":"{}")", curve.name,
                         number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, curve.bytes),
                         number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve.bytes));
    }
    case KeyType::ed25519:
    case KeyType::ed448: break;
  }
  std::string raw(type == KeyType::ed25519 ? 32 : 57, '\0');
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) == 1);
  return fmt::format(R"({{"kty":"OKP","crv":"{}","x":"{}")", type == KeyType::ed25519 ? "Ed25519" : "Ed448",
                     base64url(raw));
}

enum class Padding : std::uint8_t { none, pkcs1, pss };
struct Recipe {
  const char* digest = nullptr;  // none for the Edwards curves
  Padding padding = Padding::none;
};

// Nothing when a key of this type cannot sign so.
std::optional<Recipe> recipe_of(KeyType type, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256: return type == KeyType::p256 ? std::optional(Recipe{"SHA2-256"}) : std::nullopt;
    case Algorithm::es384: return type == KeyType::p384 ? std::optional(Recipe{"SHA2-384"}) : std::nullopt;
    case Algorithm::es512: return type == KeyType::p521 ? std::optional(Recipe{"SHA2-512"}) : std::nullopt;
    case Algorithm::eddsa:
      return type == KeyType::ed25519 || type == KeyType::ed448 ? std::optional(Recipe{}) : std::nullopt;
    case Algorithm::ed25519: return type == KeyType::ed25519 ? std::optional(Recipe{}) : std::nullopt;
    case Algorithm::ed448: return type == KeyType::ed448 ? std::optional(Recipe{}) : std::nullopt;
    default: break;
  }
  if (type != KeyType::rsa) return std::nullopt;
  switch (algorithm) {
    case Algorithm::rs256: return Recipe{"SHA2-256", Padding::pkcs1};
    case Algorithm::rs384: return Recipe{"SHA2-384", Padding::pkcs1};
    case Algorithm::rs512: return Recipe{"SHA2-512", Padding::pkcs1};
    case Algorithm::ps256: return Recipe{"SHA2-256", Padding::pss};
    case Algorithm::ps384: return Recipe{"SHA2-384", Padding::pss};
    default: return Recipe{"SHA2-512", Padding::pss};
  }
}

// The r and s of OpenSSL's DER, each as long as the field (RFC 7518 section 3.4).
std::string without_der(std::string_view der, std::size_t field_bytes) {
  const unsigned char* start = openssl::bytes(der);
  const openssl::EcdsaSignature parsed(must(d2i_ECDSA_SIG(nullptr, &start, static_cast<long>(der.size()))));
  std::string flat(2 * field_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(flat.data());
  const int size = static_cast<int>(field_bytes);
  must(BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, size) == size &&
       BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + field_bytes, size) == size);
  return flat;
}

}  // namespace

void Signer::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<Signer> Signer::adopt(std::unique_ptr<evp_pkey_st, Free> key) {
  const auto type = type_of(key.get());
  if (!type)
    return failure(ErrorCode::invalid, "the private key is not RSA, P-256, P-384, P-521, Ed25519 or Ed448");
  json::Parser parser;
  json::Document jwk;
  if (!parser.parse(open_jwk(key.get(), *type) + "}", jwk)) throw std::logic_error("a JWK is not JSON");
  Signer signer;
  GATEHOUSE_TRY(signer.kid_, thumbprint(jwk.root()));
  signer.key_ = std::move(key);
  signer.type_ = *type;
  return signer;
}

Result<Signer> Signer::from_pem(std::string_view pem) {
  const openssl::ErrorQueueGuard guard;
  const openssl::Bio bio(must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
  // An encrypted key must not make OpenSSL ask on the terminal.
  constexpr auto kNoPassword = [](char*, int, int, void*) { return -1; };
  std::unique_ptr<evp_pkey_st, Free> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, kNoPassword, nullptr));
  if (!key) return failure(ErrorCode::invalid, "not an unencrypted private key in PEM");
  return adopt(std::move(key));
}

Result<Signer> Signer::generate(KeyType type, unsigned rsa_bits) {
  const openssl::ErrorQueueGuard guard;
  std::unique_ptr<evp_pkey_st, Free> key;
  switch (type) {
    case KeyType::rsa: key.reset(EVP_RSA_gen(rsa_bits)); break;
    case KeyType::p256:
    case KeyType::p384:
    case KeyType::p521: key.reset(EVP_EC_gen(curve_of(type).group)); break;
    case KeyType::ed25519: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); break;
    case KeyType::ed448: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")); break;
  }
  if (!key) return failure(ErrorCode::internal, "OpenSSL could not make a key");
  return adopt(std::move(key));
}

Algorithm Signer::algorithm() const {
  switch (type_) {
    case KeyType::rsa: return Algorithm::rs256;
    case KeyType::p256: return Algorithm::es256;
    case KeyType::p384: return Algorithm::es384;
    case KeyType::p521: return Algorithm::es512;
    case KeyType::ed25519:
    case KeyType::ed448: break;
  }
  return Algorithm::eddsa;
}

Secret<std::string> Signer::private_pem() const {
  const openssl::Bio bio(must(BIO_new(BIO_s_secmem())));
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return Secret<std::string>(openssl::text_of(bio.get()));
}

std::string Signer::public_jwk() const {
  return open_jwk(key_.get(), type_) + fmt::format(R"(,"use":"sig","kid":"{}"}})", kid_);
}

std::string Signer::public_jwks() const { return R"({"keys":[)" + public_jwk() + "]}"; }

Result<std::string> Signer::sign_jwt(std::string_view claims, std::string_view typ) const {
  std::string header = fmt::format(R"({{"alg":"{}","kid":"{}","typ":)", name(algorithm()), kid_);
  json::append_string(header, typ);
  header += '}';
  return sign(algorithm(), header, claims);
}

Result<std::string> Signer::sign(Algorithm algorithm, std::string_view header,
                                 std::string_view payload) const {
  const openssl::ErrorQueueGuard guard;
  const auto recipe = recipe_of(type_, algorithm);
  if (!recipe) return failure(ErrorCode::invalid, fmt::format("the key cannot sign {}", name(algorithm)));

  std::string token = base64url(header) + '.' + base64url(payload);
  const openssl::DigestContext context(must(EVP_MD_CTX_new()));
  EVP_PKEY_CTX* padding = nullptr;  // owned by `context`
  must(EVP_DigestSignInit_ex(context.get(), &padding, recipe->digest, nullptr, nullptr, key_.get(),
                             nullptr) == 1);
  if (recipe->padding == Padding::pss) {
    must(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  std::string signature(1024, '\0');  // RSA with 8192 bits
  std::size_t size = signature.size();
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     openssl::bytes(token), token.size()) != 1) {
    return failure(ErrorCode::internal, "OpenSSL could not sign");
  }
  signature.resize(size);
  if (type_ == KeyType::p256 || type_ == KeyType::p384 || type_ == KeyType::p521) {
    signature = without_der(signature, curve_of(type_).bytes);
  }
  token += '.';
  token += base64url(signature);
  return token;
}

}  // namespace gatehouse::crypto
