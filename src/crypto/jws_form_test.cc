// Attacks with the form of a token: its header, its parts and its bytes.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/jws.h"
#include "crypto/testing.h"

namespace gatehouse::crypto {
namespace {

using testing::fault;
using testing::fault_of_header;
using testing::keys_of;
using testing::kPayload;
using testing::signer;

TEST(JwsAttack, CritIsRefusedWithAnyContent) {
  for (const char* crit : {R"(["http://example.invalid/UNDEFINED"])", R"(["exp"])", R"(["alg"])", "[]",
                           "null", "true", R"("exp")", "{}"}) {
    EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":"ES256","exp":1,"crit":{}}})", crit)),
              TokenFault::critical)
        << crit;
  }
}

TEST(JwsAttack, AnUnencodedPayload) {
  EXPECT_EQ(fault_of_header(R"({"alg":"ES256","b64":false,"crit":["b64"]})"), TokenFault::unencoded_payload);
  EXPECT_EQ(fault_of_header(R"({"alg":"ES256","b64":false})"), TokenFault::unencoded_payload);
  EXPECT_EQ(fault_of_header(R"({"alg":"ES256","b64":true,"crit":["b64"]})"), TokenFault::unencoded_payload);
}

TEST(JwsAttack, ADuplicateAlg) {
  for (const char* header : {R"({"alg":"ES256","alg":"none"})", R"({"alg":"none","alg":"ES256"})",
                             R"({"alg":"ES256","\u0061lg":"none"})", R"({"alg":"ES256","kid":"a","kid":"a"})",
                             R"({"alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}})"}) {
    EXPECT_EQ(fault_of_header(header), TokenFault::header_json) << header;
  }
}

TEST(JwsAttack, AHeaderThatIsNotAnObjectOfStrictJson) {
  for (const std::string& header :
       {std::string(), std::string("null"), std::string("[]"), std::string(R"("ES256")"),
        std::string("{'alg':'ES256'}"), std::string(R"({"alg":"ES256",})"),
        std::string(R"({"alg":"ES256"} {})"), std::string(R"({"alg":"ES256"}x)"),
        "\xef\xbb\xbf" + std::string(R"({"alg":"ES256"})"), std::string("{\"alg\":\"ES256\",\"x\":\"\xff\"}"),
        std::string(R"({"alg":"ES256","x":"\ud800"})"), std::string(R"({"alg":"ES256"})") + '\0',
        std::string(R"({"alg":"ES256"/**/})"), std::string(R"({"alg":"ES256","x":NaN})")}) {
    EXPECT_EQ(fault_of_header(header), TokenFault::header_json) << header;
  }
}

TEST(JwsAttack, HeaderMembersOfTheWrongType) {
  for (const char* member : {R"("typ":1)", R"("typ":["JWT"])", R"("cty":{})", R"("typ":null)"}) {
    EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":"ES256",{}}})", member)), TokenFault::header) << member;
  }
}

TEST(JwsAttack, AHugeTokenIsRefusedBeforeItIsRead) {
  EXPECT_EQ(fault_of_header(fmt::format(R"({{"alg":"ES256","x":"{}"}})", std::string(8192, 'x'))),
            TokenFault::too_large);
  EXPECT_EQ(fault(std::string(64U << 20U, '.'), keys_of(KeyType::p256)), TokenFault::too_large);
  const std::string small = *signer(KeyType::p256).sign_jwt(kPayload);
  JwsVerifier exact(small.size());
  EXPECT_TRUE(exact.verify(small, keys_of(KeyType::p256), AlgorithmSet::all()));
  JwsVerifier tight(small.size() - 1);
  EXPECT_EQ(tight.verify(small, keys_of(KeyType::p256), AlgorithmSet::all()).error(), TokenFault::too_large);
}

TEST(JwsAttack, ADeepHeader) {
  EXPECT_EQ(fault_of_header(R"({"alg":"ES256","x":)" + std::string(1000, '[') + std::string(1000, ']') + "}"),
            TokenFault::header_json);
}

TEST(JwsAttack, Base64Malleability) {
  const std::string good =
      *signer(KeyType::p256).sign_jwt(kPayload);  // 64 bytes: the last character has 4 free bits
  const KeySet keys = keys_of(KeyType::p256);
  ASSERT_EQ(fault(good, keys), std::nullopt);
  constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  int accepted = 0;
  for (const char c : kBase64Url) accepted += fault(good.substr(0, good.size() - 1) + c, keys) ? 0 : 1;
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(fault(good + "=", keys), TokenFault::encoding);
  EXPECT_EQ(fault(good + "==", keys), TokenFault::encoding);
  EXPECT_EQ(fault(good + "A", keys), TokenFault::signature_form);
}

TEST(JwsAttack, WhiteSpaceAndOtherBytesAnywhere) {
  const std::string good = *signer(KeyType::p256).sign_jwt(kPayload);
  const KeySet keys = keys_of(KeyType::p256);
  for (std::size_t i = 0; i <= good.size(); i += 7) {
    for (const char c : {' ', '\n', '\r', '\t', '\0', '=', '+', '/', '%', '\x7f', '\xa0'}) {
      std::string changed = good;
      changed.insert(i, 1, c);
      EXPECT_EQ(fault(changed, keys), TokenFault::encoding) << i << ' ' << static_cast<int>(c);
    }
  }
}

TEST(JwsAttack, OtherNumbersOfParts) {
  const KeySet keys = keys_of(KeyType::p256);
  const std::string good = *signer(KeyType::p256).sign_jwt(kPayload);
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a"), std::string("a.b"), good + ".", "." + good,
        good.substr(0, good.rfind('.')), good + "." + good}) {
    EXPECT_TRUE(fault(text, keys) == TokenFault::not_compact) << text;
  }
  EXPECT_EQ(fault("..", keys), TokenFault::header_json);
}

TEST(JwsAttack, AJweOfferedAsJws) {
  EXPECT_EQ(fault("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", keys_of(KeyType::p256)),
            TokenFault::encrypted);
  EXPECT_EQ(fault_of_header(R"({"alg":"ES256","enc":"A128GCM"})"), TokenFault::encrypted);
}

TEST(JwsAttack, TheJsonSerializations) {
  const std::string good = *signer(KeyType::p256).sign_jwt(kPayload);
  const std::string head = good.substr(0, good.find('.'));
  const std::string payload = good.substr(head.size() + 1, good.rfind('.') - head.size() - 1);
  const std::string signature = good.substr(good.rfind('.') + 1);
  EXPECT_EQ(
      fault(fmt::format(R"({{"payload":"{}","protected":"{}","signature":"{}"}})", payload, head, signature),
            keys_of(KeyType::p256)),
      TokenFault::not_compact);
  EXPECT_EQ(fault(fmt::format(R"({{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}})",
                              payload, head, signature),
                  keys_of(KeyType::p256)),
            TokenFault::not_compact);
}

TEST(JwsAttack, ADetachedPayload) {
  const std::string good = *signer(KeyType::p256).sign_jwt(kPayload);
  EXPECT_EQ(
      fault(good.substr(0, good.find('.')) + "." + good.substr(good.rfind('.')), keys_of(KeyType::p256)),
      TokenFault::signature);
}

TEST(JwsAttack, TheSignatureOfAnotherToken) {
  const std::string first = *signer(KeyType::p256).sign_jwt(kPayload);
  const std::string second = *signer(KeyType::p256).sign_jwt(R"({"iss":"mallory"})");
  EXPECT_EQ(
      fault(second.substr(0, second.rfind('.')) + first.substr(first.rfind('.')), keys_of(KeyType::p256)),
      TokenFault::signature);
}

}  // namespace
}  // namespace gatehouse::crypto
