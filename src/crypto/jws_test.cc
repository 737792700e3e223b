// Every published attack on the signature and the header of a token, by its name.
#include "crypto/jws.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/signer.h"
#include "crypto/testing.h"

namespace gatehouse::crypto {
namespace {

using testing::fault;
using testing::fault_of_header;
using testing::keys_of;
using testing::kPayload;
using testing::kTypes;
using testing::signer;
using testing::unsigned_token;

struct Split {
  std::string input;  // with the last dot
  std::string signature;
};
Split split(const std::string& token) {
  const std::size_t dot = token.rfind('.') + 1;
  return {token.substr(0, dot), *from_base64url(token.substr(dot))};
}

TEST(Jws, EveryAlgorithmVerifiesItsOwnSignature) {
  JwsVerifier verifier;
  for (const KeyType type : kTypes) {
    const KeySet keys = keys_of(type);
    int signed_with = 0;
    for (std::size_t i = 0; i < kAlgorithms; ++i) {
      const auto algorithm = static_cast<Algorithm>(i);
      const auto token =
          signer(type).sign(algorithm, fmt::format(R"({{"alg":"{}"}})", name(algorithm)), kPayload);
      if (!token) continue;
      ++signed_with;
      for (int again = 0; again < 2; ++again) {  // the second time from prepared contexts
        const auto verified = verifier.verify(*token, keys, {algorithm});
        ASSERT_TRUE(verified) << name(algorithm) << ' ' << name(verified.error());
        EXPECT_EQ(verified->payload(), kPayload);
        EXPECT_EQ(verified->algorithm(), algorithm);
        EXPECT_EQ(verified->key().kid(), signer(type).kid());
        EXPECT_EQ(verified->header().find_string("alg"), name(algorithm));
      }
    }
    EXPECT_EQ(signed_with, type == KeyType::rsa                                 ? 6
                           : type == KeyType::ed25519 || type == KeyType::ed448 ? 2
                                                                                : 1);
  }
}

TEST(Jws, OneKeySetServesSeveralThreads) {
  const KeySet keys = keys_of({signer(KeyType::rsa).public_jwk(), signer(KeyType::p256).public_jwk(),
                               signer(KeyType::ed25519).public_jwk()});
  std::vector<std::string> tokens;
  for (const KeyType type : {KeyType::rsa, KeyType::p256, KeyType::ed25519}) {
    tokens.push_back(*signer(type).sign_jwt(kPayload));
  }
  std::atomic<int> refused = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      JwsVerifier verifier;
      for (int i = 0; i < 200; ++i) {
        for (const std::string& token : tokens) {
          refused += verifier.verify(token, keys, AlgorithmSet::all()) ? 0 : 1;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(refused, 0);
}

// ---- The algorithm is not the token's choice ----

TEST(JwsAttack, AlgNoneInEverySpelling) {
  for (const char* alg :
       {"none", "None", "NONE", "nOnE", "none ", " none", "none\\u0000", "n\\u006fne", "", "null"}) {
    const std::string header = fmt::format(R"({{"alg":"{}"}})", alg);
    EXPECT_EQ(fault(unsigned_token(header), keys_of(KeyType::p256)), TokenFault::algorithm_unknown) << alg;
    EXPECT_EQ(fault_of_header(header), TokenFault::algorithm_unknown) << alg << ", with a good signature";
  }
}

TEST(JwsAttack, RsaPublicKeyAsHmacSecret) {
  for (const std::string& secret : {signer(KeyType::rsa).public_jwk(), signer(KeyType::rsa).public_jwks()}) {
    const std::string input = base64url(R"({"alg":"HS256"})") + '.' + base64url(kPayload);
    const std::string token = input + '.' + base64url(as_text(HmacSha256(as_bytes(secret)).mac(input)));
    EXPECT_EQ(fault(token, keys_of(KeyType::rsa)), TokenFault::algorithm_unknown);
  }
}

TEST(JwsAttack, AnAlgorithmOfAnotherCaseOrType) {
  for (const char* alg : {"es256", "ES256 ", "Es256", "ES-256", "ES256K", "RS1", "HS256", "ECDSA"}) {
    EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":"{}"}})", alg)), TokenFault::algorithm_unknown) << alg;
  }
  for (const char* alg : {"null", "0", "true", R"(["ES256"])", R"({"ES256":1})"}) {
    EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":{}}})", alg)), TokenFault::header) << alg;
  }
  EXPECT_EQ(fault_of_header("{}"), TokenFault::header);
}

TEST(JwsAttack, AnAlgorithmThatTheKeyIsNotFor) {
  for (std::size_t i = 0; i < kAlgorithms; ++i) {
    const auto alg = static_cast<Algorithm>(i);
    const auto found = fault_of_header(fmt::format(R"({{"alg":"{}"}})", name(alg)));
    EXPECT_EQ(found, alg == Algorithm::es256 ? std::nullopt : std::optional(TokenFault::key_not_found))
        << name(alg);
  }
}

TEST(JwsAttack, AnAlgorithmThatIsNotAllowedHere) {
  const std::string token = *signer(KeyType::p256).sign_jwt(kPayload);
  EXPECT_EQ(fault(token, keys_of(KeyType::p256), {Algorithm::es384, Algorithm::rs256}),
            TokenFault::algorithm_not_allowed);
  EXPECT_EQ(fault(token, keys_of(KeyType::p256), {}), TokenFault::algorithm_not_allowed);
  EXPECT_EQ(fault(token, keys_of(KeyType::p256), {Algorithm::es256}), std::nullopt);
}

// ---- The key is not the token's choice ----

TEST(JwsAttack, AnEmbeddedJwkIsNeverUsed) {
  const Signer mallory = *Signer::generate(KeyType::p256);
  const std::string header = fmt::format(R"({{"alg":"ES256","kid":"{}","jwk":{}}})",
                                         signer(KeyType::p256).kid(), mallory.public_jwk());
  EXPECT_EQ(fault(*mallory.sign(Algorithm::es256, header, kPayload), keys_of(KeyType::p256)),
            TokenFault::signature);
  const std::string own_kid =
      fmt::format(R"({{"alg":"ES256","kid":"{}","jwk":{}}})", mallory.kid(), mallory.public_jwk());
  EXPECT_EQ(fault(*mallory.sign(Algorithm::es256, own_kid, kPayload), keys_of(KeyType::p256)),
            TokenFault::key_not_found);
}

TEST(JwsAttack, JkuX5uAndX5cAreNeverFollowed) {
  const Signer mallory = *Signer::generate(KeyType::p256);
  for (const char* member :
       {R"("jku":"https://mallory.example/keys")", R"("x5u":"https://mallory.example/chain")",
        R"("x5c":["MIIB"])", R"("jku":"file:///etc/passwd")", R"("x5t":"AAAA")"}) {
    EXPECT_EQ(fault(*mallory.sign(Algorithm::es256, fmt::format(R"({{"alg":"ES256",{}}})", member), kPayload),
                    keys_of(KeyType::p256)),
              TokenFault::signature)
        << member;
  }
}

TEST(JwsAttack, AKidIsComparedAndNothingElse) {
  for (const char* kid :
       {"../../../../dev/null", "/proc/self/environ", "' OR '1'='1", "'; DROP TABLE keys; --", "| id",
        "${jndi:ldap://x}", "*", "key1\\u0000", "", "http://mallory.example/key"}) {
    EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":"ES256","kid":"{}"}})", kid)), TokenFault::key_not_found)
        << kid;
  }
  for (const char* kid : {"0", "null", "[]", "{}", "true"}) {
    EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":"ES256","kid":{}}})", kid)), TokenFault::header) << kid;
  }
}

TEST(JwsAttack, AnEmptyKidDoesNotNameAKeyWithoutOne) {
  const Signer& key = signer(KeyType::ed25519);
  std::string jwk = key.public_jwk();
  jwk = jwk.substr(0, jwk.find(R"(,"use")")) + "}";
  const KeySet keys = keys_of({jwk});
  ASSERT_EQ(keys.keys()[0].kid(), "");
  EXPECT_EQ(fault(*key.sign(Algorithm::eddsa, R"({"alg":"EdDSA"})", kPayload), keys), std::nullopt);
  EXPECT_EQ(fault(*key.sign(Algorithm::eddsa, R"({"alg":"EdDSA","kid":""})", kPayload), keys),
            TokenFault::key_not_found);
}

TEST(JwsAttack, ATokenWithoutKidIsNotTriedAgainstSeveralKeys) {
  const Signer other = *Signer::generate(KeyType::p256);
  const KeySet keys = keys_of({signer(KeyType::p256).public_jwk(), other.public_jwk()});
  EXPECT_EQ(fault(*other.sign(Algorithm::es256, R"({"alg":"ES256"})", kPayload), keys),
            TokenFault::key_ambiguous);
  EXPECT_EQ(fault(*other.sign_jwt(kPayload), keys), std::nullopt) << "the kid tells";
}

TEST(JwsAttack, EdDsaWithoutKidDoesNotGuessTheCurve) {
  const KeySet keys = keys_of({signer(KeyType::ed25519).public_jwk(), signer(KeyType::ed448).public_jwk()});
  const auto sign = [](KeyType type, Algorithm algorithm, std::string_view header) {
    return *signer(type).sign(algorithm, header, kPayload);
  };
  EXPECT_EQ(fault(sign(KeyType::ed448, Algorithm::eddsa, R"({"alg":"EdDSA"})"), keys),
            TokenFault::key_ambiguous);
  EXPECT_EQ(fault(sign(KeyType::ed448, Algorithm::ed448, R"({"alg":"Ed448"})"), keys), std::nullopt);
  EXPECT_EQ(fault(sign(KeyType::ed448, Algorithm::ed448, R"({"alg":"Ed25519"})"), keys),
            TokenFault::signature_form);
}

TEST(JwsAttack, AnotherKeyInTheSamePlaceDoesNotInheritAPreparedContext) {
  const Signer old = *Signer::generate(KeyType::p256);
  const Signer fresh = *Signer::generate(KeyType::p256);
  const KeySet before = keys_of({old.public_jwk()});
  const KeySet after = keys_of({fresh.public_jwk()});
  const std::string token = *old.sign(Algorithm::es256, R"({"alg":"ES256"})", kPayload);
  JwsVerifier verifier;
  EXPECT_TRUE(verifier.verify(token, before, AlgorithmSet::all()));
  EXPECT_FALSE(verifier.verify(token, after, AlgorithmSet::all()));
  EXPECT_TRUE(verifier.verify(token, before, AlgorithmSet::all()));
}

// ---- The signature ----

TEST(JwsAttack, PsychicSignatures) {  // CVE-2022-21449: zeros, and the order of the group
  for (const KeyType type : {KeyType::p256, KeyType::p384, KeyType::p521}) {
    const KeySet keys = keys_of(type);
    const std::string order(keys.keys()[0].order());
    const std::string zero(order.size(), '\0');
    std::string one = zero;
    one.back() = '\x01';
    const std::string all(order.size(), '\xff');
    const std::string header = fmt::format(R"({{"alg":"{}"}})", name(signer(type).algorithm()));
    for (const std::string& r : {zero, order, all}) {
      for (const std::string& s : {zero, one, order, all}) {
        EXPECT_EQ(fault(unsigned_token(header, r + s), keys), TokenFault::signature_form);
        EXPECT_EQ(fault(unsigned_token(header, s + r), keys), TokenFault::signature_form);
      }
    }
    EXPECT_EQ(fault(unsigned_token(header, one + one), keys), TokenFault::signature);
  }
}

TEST(JwsAttack, AnEcdsaSignatureInDer) {
  const Split token = split(*signer(KeyType::p256).sign_jwt(kPayload));
  const std::string r = token.signature.substr(0, 32);
  const std::string s = token.signature.substr(32);
  std::string der = "\x02\x21" + std::string(1, '\0') + r + "\x02\x21" + std::string(1, '\0') + s;
  der = "\x30" + std::string(1, static_cast<char>(der.size())) + der;
  EXPECT_EQ(fault(token.input + base64url(der), keys_of(KeyType::p256)), TokenFault::signature_form);
}

TEST(JwsAttack, SwappedHalvesAndChangedBits) {
  for (const KeyType type : kTypes) {
    const KeySet keys = keys_of(type);
    const Split token = split(*signer(type).sign_jwt(kPayload));
    const std::size_t half = token.signature.size() / 2;
    EXPECT_TRUE(
        fault(token.input + base64url(token.signature.substr(half) + token.signature.substr(0, half)), keys));
    for (std::size_t i = 0; i < token.signature.size(); ++i) {
      std::string changed = token.signature;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_TRUE(fault(token.input + base64url(changed), keys)) << i;
    }
  }
}

TEST(JwsAttack, TruncatedAndExtendedSignatures) {
  for (const KeyType type : kTypes) {
    const KeySet keys = keys_of(type);
    const Split token = split(*signer(type).sign_jwt(kPayload));
    for (const std::string& changed :
         {std::string(), token.signature.substr(1), token.signature.substr(0, token.signature.size() - 1),
          token.signature + '\0', '\0' + token.signature, token.signature + token.signature}) {
      EXPECT_EQ(fault(token.input + base64url(changed), keys), TokenFault::signature_form);
    }
  }
}

TEST(JwsAttack, EdwardsSignaturesOfNothing) {
  // R the identity and S zero fits every message under a key of low order; the key sets refuse those.
  std::string r(32, '\0');
  r[0] = '\x01';
  EXPECT_EQ(fault(unsigned_token(R"({"alg":"EdDSA"})", r + std::string(32, '\0')), keys_of(KeyType::ed25519)),
            TokenFault::signature);
}

TEST(JwsAttack, EdwardsMalleability) {  // S + L is the same modulo the order (RFC 8032 section 8.4)
  constexpr unsigned char kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  Split token = split(*signer(KeyType::ed25519).sign_jwt(kPayload));
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(token.signature[32 + i]) + unsigned{kOrder[i]};
    token.signature[32 + i] = static_cast<char>(carry & 0xffU);
    carry >>= 8U;
  }
  EXPECT_EQ(fault(token.input + base64url(token.signature), keys_of(KeyType::ed25519)),
            TokenFault::signature);
}

TEST(JwsAttack, AnRsaSignatureBeyondTheModulus) {
  EXPECT_EQ(fault(unsigned_token(R"({"alg":"RS256"})", std::string(256, '\xff')), keys_of(KeyType::rsa)),
            TokenFault::signature);
  EXPECT_EQ(fault(unsigned_token(R"({"alg":"RS256"})", std::string(256, '\0')), keys_of(KeyType::rsa)),
            TokenFault::signature);
  EXPECT_EQ(
      fault(unsigned_token(R"({"alg":"PS256"})", std::string(255, '\0') + '\x01'), keys_of(KeyType::rsa)),
      TokenFault::signature);
}

TEST(JwsAttack, RsaPaddingsAreNotExchangeable) {
  const auto sign = [](Algorithm algorithm, std::string_view header) {
    return *signer(KeyType::rsa).sign(algorithm, header, kPayload);
  };
  const KeySet keys = keys_of(KeyType::rsa);
  EXPECT_EQ(fault(sign(Algorithm::rs256, R"({"alg":"PS256"})"), keys), TokenFault::signature);
  EXPECT_EQ(fault(sign(Algorithm::ps256, R"({"alg":"RS256"})"), keys), TokenFault::signature);
  EXPECT_EQ(fault(sign(Algorithm::rs512, R"({"alg":"RS256"})"), keys), TokenFault::signature);
  EXPECT_EQ(fault(sign(Algorithm::ps384, R"({"alg":"PS256"})"), keys), TokenFault::signature);
}

TEST(JwsAttack, APssSaltOfAnotherLength) {
  const auto sign = [](int salt) {
    const std::string input = base64url(R"({"alg":"PS256"})") + '.' + base64url(kPayload);
    const Secret<std::string> text = signer(KeyType::rsa).private_pem();
    const std::unique_ptr<EVP_PKEY, openssl::Free<EVP_PKEY_free>> key([&] {
      const openssl::Bio bio(BIO_new_mem_buf(text.reveal().data(), static_cast<int>(text.reveal().size())));
      return PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
    }());
    const openssl::DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key.get());
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt);
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   openssl::bytes(input), input.size());
    return input + '.' + base64url(signature);
  };
  const KeySet keys = keys_of(KeyType::rsa);
  EXPECT_EQ(fault(sign(32), keys), std::nullopt);
  for (const int salt : {0, 20, 31, 33, 64, 222})
    EXPECT_EQ(fault(sign(salt), keys), TokenFault::signature) << salt;
}

TEST(JwsAttack, AFailedVerificationLeavesNoErrorBehindForTls) {
  for (const KeyType type : kTypes) {
    const KeySet keys = keys_of(type);
    Split token = split(*signer(type).sign_jwt(kPayload));
    token.signature[5] = static_cast<char>(token.signature[5] ^ 1);
    EXPECT_TRUE(fault(token.input + base64url(token.signature), keys));
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
  EXPECT_FALSE(KeySet::parse(R"({"keys":[{"kty":"oct"}]})"));
  EXPECT_TRUE(KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})"));
  EXPECT_FALSE(Signer::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace gatehouse::crypto
