#include "crypto/jwk.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/encoding.h"
#include "crypto/edwards.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "json/parser.h"
#include "json/writer.h"

namespace gatehouse::crypto {
namespace {

using openssl::must;

constexpr std::size_t kMaxSetBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxKeys = 1024;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
constexpr std::size_t kMaxExponentBytes = 4;
constexpr BN_ULONG kMinExponent = 65537;

std::unexpected<Error> invalid_jwk(std::string why) { return failure(ErrorCode::invalid, std::move(why)); }

struct EllipticCurve {
  std::string_view name;  // in JWK
  const char* group;      // in OpenSSL
  KeyType type;
  std::size_t field_bytes;
};
constexpr EllipticCurve kEllipticCurves[] = {
    {"P-256", "prime256v1", KeyType::p256, 32},
    {"P-384", "secp384r1", KeyType::p384, 48},
    {"P-521", "secp521r1", KeyType::p521, 66},
};

struct OctetKeyPair {
  std::string_view name;
  int id;
  KeyType type;
  EdwardsCurve curve;
  std::size_t key_bytes;
  std::size_t signature_bytes;
};
constexpr OctetKeyPair kOctetKeyPairs[] = {
    {"Ed25519", EVP_PKEY_ED25519, KeyType::ed25519, EdwardsCurve::ed25519, 32, 64},
    {"Ed448", EVP_PKEY_ED448, KeyType::ed448, EdwardsCurve::ed448, 57, 114},
};

AlgorithmSet algorithms_of(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
              Algorithm::ps256, Algorithm::ps384, Algorithm::ps512};
    case KeyType::p256: return {Algorithm::es256};
    case KeyType::p384: return {Algorithm::es384};
    case KeyType::p521: return {Algorithm::es512};
    case KeyType::ed25519: return {Algorithm::eddsa, Algorithm::ed25519};
    case KeyType::ed448: return {Algorithm::eddsa, Algorithm::ed448};
  }
  return {};
}

Result<std::string> decoded_member(json::Value jwk, std::string_view member) {
  const auto text = jwk.find_string(member);
  if (!text) return invalid_jwk(fmt::format("`{}` is missing or not a string", member));
  auto bytes = from_base64url(*text);
  if (!bytes) return invalid_jwk(fmt::format("`{}` is not base64url", member));
  return *std::move(bytes);
}

// RFC 7518 section 2, Base64urlUInt: no zero in front.
Result<std::string> unsigned_member(json::Value jwk, std::string_view member) {
  GATEHOUSE_TRY(std::string bytes, decoded_member(jwk, member));
  if (bytes.empty() || bytes[0] == '\0') {
    return invalid_jwk(fmt::format("`{}` is not written with the fewest bytes (RFC 7518 section 2)", member));
  }
  return bytes;
}

EVP_PKEY* make_key(const char* kind, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, openssl::Free<OSSL_PARAM_free>> parameters(
      must(OSSL_PARAM_BLD_to_param(builder)));
  const openssl::KeyContext context(must(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr)));
  must(EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return nullptr;
  return key;
}

using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, openssl::Free<OSSL_PARAM_BLD_free>>;

struct Material {
  EVP_PKEY* key = nullptr;  // owned by the receiver
  KeyType type = KeyType::rsa;
  std::size_t signature_bytes = 0;
  std::string order;
};

Result<Material> rsa_material(json::Value jwk) {
  GATEHOUSE_TRY(const std::string modulus, unsigned_member(jwk, "n"));
  GATEHOUSE_TRY(const std::string exponent, unsigned_member(jwk, "e"));
  if (modulus.size() > kMaxRsaBits / 8) return invalid_jwk("the RSA modulus is longer than 8192 bits");
  const openssl::Bignum n = openssl::from_big_endian(modulus.data(), modulus.size());
  if (BN_num_bits(n.get()) < kMinRsaBits) return invalid_jwk("the RSA modulus is shorter than 2048 bits");
  if (BN_is_odd(n.get()) == 0) return invalid_jwk("the RSA modulus is even");
  if (exponent.size() > kMaxExponentBytes) return invalid_jwk("the RSA exponent is longer than 32 bits");
  const openssl::Bignum e = openssl::from_big_endian(exponent.data(), exponent.size());
  if (BN_is_odd(e.get()) == 0) return invalid_jwk("the RSA exponent is even");
  if (BN_get_word(e.get()) < kMinExponent) return invalid_jwk("the RSA exponent is smaller than 65537");

  const ParameterBuilder builder(must(OSSL_PARAM_BLD_new()));
  must(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
       OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  EVP_PKEY* key = make_key("RSA", builder.get());
  if (key == nullptr) return invalid_jwk("OpenSSL does not accept it as an RSA key");
  return Material{key, KeyType::rsa, modulus.size(), {}};
}

Result<Material> ec_material(json::Value jwk, const EllipticCurve& curve) {
  GATEHOUSE_TRY(const std::string x, decoded_member(jwk, "x"));
  GATEHOUSE_TRY(const std::string y, decoded_member(jwk, "y"));
  if (x.size() != curve.field_bytes || y.size() != curve.field_bytes) {
    return invalid_jwk(fmt::format("`x` and `y` of {} have {} bytes each", curve.name, curve.field_bytes));
  }
  const std::string point = '\x04' + x + y;  // SEC 1 section 2.3.3, uncompressed
  const ParameterBuilder builder(must(OSSL_PARAM_BLD_new()));
  must(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) == 1 &&
       OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) ==
           1);
  EVP_PKEY* key = make_key("EC", builder.get());
  if (key == nullptr) return invalid_jwk(fmt::format("the point is not on {}", curve.name));

  Material material{key, curve.type, 2 * curve.field_bytes, std::string(curve.field_bytes, '\0')};
  BIGNUM* order = nullptr;
  must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order) == 1);
  const openssl::Bignum owned(order);
  must(BN_bn2binpad(order, reinterpret_cast<unsigned char*>(material.order.data()),
                    static_cast<int>(material.order.size())) > 0);
  return material;
}

Result<Material> edwards_material(json::Value jwk, const OctetKeyPair& pair) {
  GATEHOUSE_TRY(const std::string x, decoded_member(jwk, "x"));
  if (x.size() != pair.key_bytes)
    return invalid_jwk(fmt::format("`x` of {} has {} bytes", pair.name, pair.key_bytes));
  switch (check_point(pair.curve, x)) {
    case EdwardsPoint::sound: break;
    case EdwardsPoint::not_canonical: return invalid_jwk("the point is not canonically encoded");
    case EdwardsPoint::not_on_curve: return invalid_jwk(fmt::format("the point is not on {}", pair.name));
    case EdwardsPoint::low_order: return invalid_jwk("the point is of low order");
  }
  EVP_PKEY* key = must(EVP_PKEY_new_raw_public_key(pair.id, nullptr, openssl::bytes(x), x.size()));
  return Material{key, pair.type, pair.signature_bytes, {}};
}

Result<Material> material_of(json::Value jwk) {
  const auto kty = jwk.find_string("kty");
  if (!kty) return invalid_jwk("`kty` is missing or not a string");
  if (*kty == "RSA") return rsa_material(jwk);
  if (*kty == "EC" || *kty == "OKP") {
    const auto crv = jwk.find_string("crv");
    if (!crv) return invalid_jwk("`crv` is missing or not a string");
    if (*kty == "EC") {
      for (const EllipticCurve& curve : kEllipticCurves) {
        if (curve.name == *crv) return ec_material(jwk, curve);
      }
    } else {
      for (const OctetKeyPair& pair : kOctetKeyPairs) {
        if (pair.name == *crv) return edwards_material(jwk, pair);
      }
    }
    return invalid_jwk(fmt::format("the curve \"{}\" is not supported", *crv));
  }
  return invalid_jwk(fmt::format("the key type \"{}\" is not supported", *kty));
}

// Members that only private and symmetric keys have (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1; RFC 8037; `priv`
// of the AKP type).
bool holds_secret(json::Value jwk) {
  constexpr std::array<std::string_view, 9> kMembers = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"};
  return jwk.find_string("kty") == "oct" ||
         std::any_of(kMembers.begin(), kMembers.end(),
                     [&](std::string_view member) { return jwk.find(member); });
}

// RFC 7517 sections 4.2 and 4.3.
Result<> check_purpose(json::Value jwk) {
  if (jwk.find("use") && jwk.find_string("use") != "sig") return invalid_jwk("`use` is not \"sig\"");
  const auto operations = jwk.find("key_ops");
  if (!operations) return {};
  if (!operations->is_array()) return invalid_jwk("`key_ops` is not an array");
  std::size_t verify = 0;
  for (const json::Value operation : operations->elements()) {
    if (!operation.is_string()) return invalid_jwk("`key_ops` holds a value that is not a string");
    if (operation.string() == "verify") ++verify;
  }
  if (verify != 1) return invalid_jwk("`key_ops` does not hold \"verify\" once");
  return {};
}

Result<AlgorithmSet> algorithms_of(json::Value jwk, KeyType type) {
  const AlgorithmSet possible = algorithms_of(type);
  if (!jwk.find("alg")) return possible;
  const auto named = jwk.find_string("alg");
  if (!named) return invalid_jwk("`alg` is not a string");
  const auto algorithm = parse_algorithm(*named);
  if (!algorithm) return invalid_jwk(fmt::format("the algorithm \"{}\" is not supported", *named));
  if (!possible.contains(*algorithm))
    return invalid_jwk(fmt::format("the key is not of a type for {}", *named));
  // EdDSA and the full name of RFC 9864 are the same signature.
  if (type == KeyType::ed25519 || type == KeyType::ed448) return possible;
  return AlgorithmSet{*algorithm};
}

}  // namespace

void PublicKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<PublicKey> PublicKey::from_jwk(json::Value jwk) {
  const openssl::ErrorQueueGuard guard;
  if (!jwk.is_object()) return invalid_jwk("a key is not an object");
  if (holds_secret(jwk)) return failure(ErrorCode::denied, "it is a private or symmetric key");
  GATEHOUSE_CHECK(check_purpose(jwk));
  if (jwk.find("kid") && !jwk.find_string("kid")) return invalid_jwk("`kid` is not a string");

  PublicKey result;
  GATEHOUSE_TRY(Material material, material_of(jwk));
  result.key_.reset(material.key);
  result.type_ = material.type;
  result.signature_bytes_ = material.signature_bytes;
  result.order_ = std::move(material.order);
  GATEHOUSE_TRY(result.algorithms_, algorithms_of(jwk, result.type_));
  result.kid_ = jwk.find_string("kid").value_or("");
  GATEHOUSE_TRY(result.thumbprint_, crypto::thumbprint(jwk));
  return result;
}

Result<KeySet> KeySet::parse(std::string_view jwks) {
  json::Parser parser;
  json::Document document;
  if (const auto parsed = parser.parse(jwks, document, {.depth = 16, .bytes = kMaxSetBytes}); !parsed) {
    return invalid_jwk(fmt::format("the key set is not strict JSON: {} at byte {}",
                                   json::name(parsed.error().fault), parsed.error().offset));
  }
  return from_json(document.root());
}

Result<KeySet> KeySet::from_json(json::Value jwks) {
  static std::atomic<std::uint64_t> generations{0};
  const auto entries = jwks.find("keys");
  if (!entries || !entries->is_array())
    return invalid_jwk("a key set is an object with an array `keys` (RFC 7517)");
  if (entries->size() > kMaxKeys) {
    return failure(ErrorCode::too_large, fmt::format("the key set holds more than {} keys", kMaxKeys));
  }
  KeySet set;
  std::size_t position = 0;
  for (const json::Value entry : entries->elements()) {
    ++position;
    auto key = PublicKey::from_jwk(entry);
    if (!key) {
      std::string why = fmt::format("key {}: {}", position, key.error().text);
      if (key.error().code == ErrorCode::denied) {
        return failure(ErrorCode::denied, why + "; publish public keys only, and replace this one");
      }
      set.skipped_.push_back(std::move(why));
      continue;
    }
    const bool again = std::any_of(set.keys_.begin(), set.keys_.end(), [&](const PublicKey& other) {
      return other.kid() == key->kid() && other.thumbprint() == key->thumbprint() &&
             other.algorithms() == key->algorithms();
    });
    if (again) {
      set.skipped_.push_back(fmt::format("key {}: it is already in the set", position));
    } else {
      set.keys_.push_back(*std::move(key));
    }
  }
  set.generation_ = ++generations;
  return set;
}

bool KeySet::same_keys_as(const KeySet& other) const {
  const auto same = [](const PublicKey& a, const PublicKey& b) {
    return a.kid() == b.kid() && a.thumbprint() == b.thumbprint() && a.algorithms() == b.algorithms();
  };
  return std::is_permutation(keys_.begin(), keys_.end(), other.keys_.begin(), other.keys_.end(), same);
}

KeySet::Match KeySet::find(std::optional<std::string_view> kid, Algorithm algorithm) const {
  Match match;
  if (kid && kid->empty()) return match;  // a key without a kid has an empty one: it is not the one named
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!keys_[i].algorithms().contains(algorithm) || (kid && keys_[i].kid() != *kid)) continue;
    if (match.found == Found::one) return {Found::several, 0};
    match = {Found::one, i};
  }
  return match;
}

Result<std::string> thumbprint(json::Value jwk) {
  struct Members {
    std::string_view kty;
    std::array<std::string_view, 4> names;  // in the order of their code points
  };
  constexpr std::array<Members, 4> kMembers = {{{"EC", {"crv", "kty", "x", "y"}},
                                                {"OKP", {"crv", "kty", "x", ""}},
                                                {"RSA", {"e", "kty", "n", ""}},
                                                {"oct", {"k", "kty", "", ""}}}};
  const auto kty = jwk.find_string("kty");
  for (const Members& members : kMembers) {
    if (kty != members.kty) continue;
    std::string text;
    for (const std::string_view member : members.names) {
      if (member.empty()) continue;
      const auto value = jwk.find_string(member);
      if (!value) return invalid_jwk(fmt::format("`{}` is missing or not a string", member));
      text += text.empty() ? '{' : ',';
      json::append_string(text, member);
      text += ':';
      json::append_string(text, *value);
    }
    text += '}';
    return base64url(as_text(sha256(text)));
  }
  return invalid_jwk("no thumbprint is defined for this key type");
}

}  // namespace gatehouse::crypto
