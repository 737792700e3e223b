#include "crypto/jws.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <openssl/rsa.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace gatehouse::crypto {
namespace {

using openssl::must;

constexpr std::size_t kHeaderDepth = 8;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header and payload with the dot between them
};

// RFC 7515 section 7.1; RFC 7516 section 9 recognises a JWE by its five parts.
std::expected<Parts, TokenFault> split(std::string_view token) {
  const auto dots = std::count(token.begin(), token.end(), '.');
  if (dots == 4) return std::unexpected(TokenFault::encrypted);
  if (dots != 2) return std::unexpected(TokenFault::not_compact);
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

struct Header {
  Algorithm algorithm;
  std::optional<std::string_view> kid;
};

// The header parameters that this verifier knows. All others say nothing to it (RFC 7515 section 4), among
// them those that would name or carry a key of the sender's choice.
std::expected<Header, TokenFault> read_header(json::Value header) {
  if (!header.is_object()) return std::unexpected(TokenFault::header_json);
  if (header.find("enc")) return std::unexpected(TokenFault::encrypted);
  if (header.find("b64")) return std::unexpected(TokenFault::unencoded_payload);
  if (header.find("crit")) return std::unexpected(TokenFault::critical);
  const auto alg = header.find_string("alg");
  if (!alg) return std::unexpected(TokenFault::header);
  for (const std::string_view text : {"kid", "typ", "cty"}) {
    if (const auto member = header.find(text); member && !member->is_string()) {
      return std::unexpected(TokenFault::header);
    }
  }
  const auto algorithm = parse_algorithm(*alg);
  if (!algorithm) return std::unexpected(TokenFault::algorithm_unknown);
  return Header{*algorithm, header.find_string("kid")};
}

const EVP_MD* digest_method(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
    case Algorithm::rs256:
    case Algorithm::ps256: return EVP_sha256();
    case Algorithm::es384:
    case Algorithm::rs384:
    case Algorithm::ps384: return EVP_sha384();
    case Algorithm::es512:
    case Algorithm::rs512:
    case Algorithm::ps512: return EVP_sha512();
    case Algorithm::eddsa:
    case Algorithm::ed25519:
    case Algorithm::ed448: break;
  }
  return nullptr;
}

enum class Scheme : std::uint8_t { ecdsa, rsa_pkcs1, rsa_pss, edwards };
Scheme scheme_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
    case Algorithm::es384:
    case Algorithm::es512: return Scheme::ecdsa;
    case Algorithm::rs256:
    case Algorithm::rs384:
    case Algorithm::rs512: return Scheme::rsa_pkcs1;
    case Algorithm::ps256:
    case Algorithm::ps384:
    case Algorithm::ps512: return Scheme::rsa_pss;
    case Algorithm::eddsa:
    case Algorithm::ed25519:
    case Algorithm::ed448: break;
  }
  return Scheme::edwards;
}

// FIPS 186-5 section 6.4.2: r and s are from 1 to the group's order less 1.
bool in_range(std::string_view number, std::string_view order) {
  return number.find_first_not_of('\0') != std::string_view::npos && number < order;
}

void append_der_integer(std::string& out, std::string_view big_endian) {
  big_endian.remove_prefix(std::min(big_endian.find_first_not_of('\0'), big_endian.size() - 1));
  const bool needs_zero = (static_cast<unsigned char>(big_endian[0]) & 0x80U) != 0;
  out += '\x02';
  out += static_cast<char>(big_endian.size() + (needs_zero ? 1 : 0));  // at most 67
  if (needs_zero) out += '\0';
  out += big_endian;
}

// r and s as OpenSSL wants them: SEQUENCE { INTEGER, INTEGER }.
void write_der(std::string& out, std::string_view r, std::string_view s) {
  out.assign(3, '\0');  // room for the longest head
  append_der_integer(out, r);
  append_der_integer(out, s);
  const std::size_t size = out.size() - 3;
  if (size < 0x80) {
    out.erase(0, 1);
    out[0] = '\x30';
    out[1] = static_cast<char>(size);
  } else {
    out[0] = '\x30';
    out[1] = '\x81';
    out[2] = static_cast<char>(size);
  }
}

}  // namespace

void JwsVerifier::FreeDigest::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }
void JwsVerifier::FreeKey::operator()(evp_pkey_ctx_st* context) const { EVP_PKEY_CTX_free(context); }

JwsVerifier::JwsVerifier(std::size_t max_token_bytes)
    : max_token_bytes_(max_token_bytes), edwards_(must(EVP_MD_CTX_new())) {}
JwsVerifier::JwsVerifier(JwsVerifier&&) noexcept = default;
JwsVerifier::~JwsVerifier() = default;

std::expected<VerifiedJws, TokenFault> JwsVerifier::verify(std::string_view token, const KeySet& keys,
                                                           AlgorithmSet allowed) {
  if (token.size() > max_token_bytes_) return std::unexpected(TokenFault::too_large);
  const auto parts = split(token);
  if (!parts) return std::unexpected(parts.error());

  if (!from_base64url(parts->header, header_text_)) return std::unexpected(TokenFault::encoding);
  if (!parser_.parse(header_text_, header_, {.depth = kHeaderDepth})) {
    return std::unexpected(TokenFault::header_json);
  }
  const auto header = read_header(header_.root());
  if (!header) return std::unexpected(header.error());
  if (!allowed.contains(header->algorithm)) return std::unexpected(TokenFault::algorithm_not_allowed);

  const KeySet::Match match = keys.find(header->kid, header->algorithm);
  if (match.found == KeySet::Found::none) return std::unexpected(TokenFault::key_not_found);
  if (match.found == KeySet::Found::several) return std::unexpected(TokenFault::key_ambiguous);
  const PublicKey& key = keys.keys()[match.index];

  if (!from_base64url(parts->payload, payload_) || !from_base64url(parts->signature, signature_)) {
    return std::unexpected(TokenFault::encoding);
  }
  if (signature_.size() != key.signature_bytes()) return std::unexpected(TokenFault::signature_form);
  if (scheme_of(header->algorithm) == Scheme::ecdsa) {
    const std::string_view r = std::string_view(signature_).substr(0, signature_.size() / 2);
    const std::string_view s = std::string_view(signature_).substr(signature_.size() / 2);
    if (!in_range(r, key.order()) || !in_range(s, key.order()))
      return std::unexpected(TokenFault::signature_form);
    write_der(der_, r, s);
  }

  if (generation_ != keys.generation()) {
    contexts_.clear();
    contexts_.resize(keys.keys().size());
    generation_ = keys.generation();
  }
  if (!signature_holds(key, match.index, header->algorithm, parts->signed_text)) {
    return std::unexpected(TokenFault::signature);
  }
  return VerifiedJws(header_.root(), payload_, key, header->algorithm);
}

bool JwsVerifier::signature_holds(const PublicKey& key, std::size_t index, Algorithm algorithm,
                                  std::string_view input) {
  const openssl::ErrorQueueGuard guard;
  const Scheme scheme = scheme_of(algorithm);
  if (scheme == Scheme::edwards) {  // signs the text itself, and OpenSSL takes that in one call only
    must(EVP_MD_CTX_reset(edwards_.get()) == 1 &&
         EVP_DigestVerifyInit(edwards_.get(), nullptr, nullptr, nullptr, key.handle()) == 1);
    return EVP_DigestVerify(edwards_.get(), openssl::bytes(signature_), signature_.size(),
                            openssl::bytes(input), input.size()) == 1;
  }
  const std::string& signature = scheme == Scheme::ecdsa ? der_ : signature_;
  const auto holds = [&](const auto& digest) {
    return EVP_PKEY_verify(prepared(key, index, algorithm), openssl::bytes(signature), signature.size(),
                           digest.data(), digest.size()) == 1;
  };
  switch (algorithm) {
    case Algorithm::es256:
    case Algorithm::rs256:
    case Algorithm::ps256: return holds(sha256(input));
    case Algorithm::es384:
    case Algorithm::rs384:
    case Algorithm::ps384: return holds(sha384(input));
    default: return holds(sha512(input));
  }
}

// The context that verifies with this key as this algorithm says: its padding and digest are set once.
evp_pkey_ctx_st* JwsVerifier::prepared(const PublicKey& key, std::size_t index, Algorithm algorithm) {
  KeyContext& context = contexts_[index][static_cast<std::size_t>(algorithm)];
  if (context) return context.get();
  KeyContext fresh(must(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr)));
  must(EVP_PKEY_verify_init(fresh.get()) == 1);
  const Scheme scheme = scheme_of(algorithm);
  if (scheme == Scheme::rsa_pkcs1) {
    must(EVP_PKEY_CTX_set_rsa_padding(fresh.get(), RSA_PKCS1_PADDING) == 1);
  } else if (scheme == Scheme::rsa_pss) {
    must(EVP_PKEY_CTX_set_rsa_padding(fresh.get(), RSA_PKCS1_PSS_PADDING) == 1);
  }
  must(EVP_PKEY_CTX_set_signature_md(fresh.get(), digest_method(algorithm)) == 1);
  if (scheme == Scheme::rsa_pss) {  // RFC 7518 section 3.5: MGF1 with the same digest, the salt as long as it
    must(EVP_PKEY_CTX_set_rsa_mgf1_md(fresh.get(), digest_method(algorithm)) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(fresh.get(), RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  context = std::move(fresh);
  return context.get();
}

}  // namespace gatehouse::crypto
