#include "crypto/signer.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/jws.h"

namespace gatehouse::crypto {
namespace {

TEST(Signer, AKeyWrittenAsPemIsTheSameKey) {
  for (const KeyType type :
       {KeyType::rsa, KeyType::p256, KeyType::p384, KeyType::p521, KeyType::ed25519, KeyType::ed448}) {
    const auto made = Signer::generate(type);
    ASSERT_TRUE(made);
    const auto read = Signer::from_pem(made->private_pem().reveal());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->type(), type);
    EXPECT_EQ(read->kid(), made->kid());
    EXPECT_EQ(read->public_jwks(), made->public_jwks());
    const auto keys = KeySet::parse(made->public_jwks());
    ASSERT_TRUE(keys) << keys.error().text;
    JwsVerifier verifier;
    EXPECT_TRUE(verifier.verify(*read->sign_jwt("{}"), *keys, {made->algorithm()}));
  }
}

TEST(Signer, ThePublicJwkHoldsNothingPrivate) {
  const auto signer = Signer::generate(KeyType::rsa);
  for (const char* member : {"\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\""}) {
    EXPECT_EQ(signer->public_jwk().find(member), std::string::npos) << member;
  }
}

TEST(Signer, AKeyDoesNotSignForAnotherAlgorithm) {
  const auto signer = Signer::generate(KeyType::p256);
  for (const Algorithm algorithm : {Algorithm::es384, Algorithm::rs256, Algorithm::ps512, Algorithm::eddsa}) {
    EXPECT_FALSE(signer->sign(algorithm, "{}", "{}"));
  }
}

TEST(Signer, OtherTextsThanAPlainPrivateKeyAreRefused) {
  EXPECT_FALSE(Signer::from_pem(""));
  EXPECT_FALSE(Signer::from_pem("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"));
  EXPECT_FALSE(Signer::from_pem(
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n"));
  // X25519 agrees on keys; it does not sign.
  EXPECT_FALSE(Signer::from_pem(
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
      "-----END PRIVATE KEY-----\n"));
}

TEST(Signer, TheTypIsWrittenAsJson) {
  const auto signer = Signer::generate(KeyType::ed25519);
  const auto keys = KeySet::parse(signer->public_jwks());
  JwsVerifier verifier;
  const std::string token = *signer->sign_jwt("{}", R"(a","alg":"none)");
  const auto verified = verifier.verify(token, *keys, {Algorithm::eddsa});
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->header().find_string("typ"), R"(a","alg":"none)");
}

}  // namespace
}  // namespace gatehouse::crypto
