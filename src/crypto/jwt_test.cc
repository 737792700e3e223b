// The rules of claims, and the ways round them.
#include "crypto/jwt.h"

#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "crypto/signer.h"

namespace gatehouse::crypto {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSecond = 1'760'000'000;
constexpr WallTime kNow{std::chrono::seconds{kSecond}};
constexpr std::string_view kHeader = R"({"alg":"EdDSA","typ":"JWT"})";

const Signer& issuer() {
  static const Signer signer = *Signer::generate(KeyType::ed25519);
  return signer;
}
const KeySet& keys() {
  static const KeySet set = *KeySet::parse(issuer().public_jwks());
  return set;
}
JwtRules rules() {
  return {
      .issuer = "https://idp.example.com/", .audiences = {"orders-api"}, .algorithms = {Algorithm::eddsa}};
}

// Nothing when the token is accepted.
std::optional<TokenFault> fault(std::string_view claims, const JwtRules& by = rules(),
                                std::string_view header = kHeader) {
  JwtVerifier verifier(by);
  const auto verified = verifier.verify(*issuer().sign(Algorithm::eddsa, header, claims), keys(), kNow);
  return verified ? std::nullopt : std::optional(verified.error());
}

// A good set of claims in which one is written differently; an empty text leaves it out.
std::string with(std::string_view claim, std::string_view value) {
  const std::pair<std::string_view, std::string> good[] = {{"iss", R"("https://idp.example.com/")"},
                                                           {"sub", R"("alice")"},
                                                           {"aud", R"("orders-api")"},
                                                           {"exp", std::to_string(kSecond + 60)}};
  std::string text = "{";
  bool written = false;
  const auto add = [&](std::string_view name, std::string_view as) {
    if (!as.empty()) text += fmt::format(R"({}"{}":{})", text == "{" ? "" : ",", name, as);
  };
  for (const auto& [name, usual] : good) {
    add(name, name == claim ? value : std::string_view(usual));
    written = written || name == claim;
  }
  if (!written) add(claim, value);
  return text + "}";
}
std::string date(std::int64_t offset) { return std::to_string(kSecond + offset); }

TEST(Jwt, AValidTokenGivesItsSubjectClaimsAndEnd) {
  JwtVerifier verifier(rules());
  const auto token = verifier.verify(*issuer().sign_jwt(with("role", R"("auditor")")), keys(), kNow);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->subject(), "alice");
  EXPECT_EQ(token->claims().find_string("role"), "auditor");
  EXPECT_EQ(token->expires(), kNow + 60s + 30s);
}

TEST(Jwt, ABadSignatureIsNoticedBeforeAnyClaim) {
  const Signer mallory = *Signer::generate(KeyType::ed25519);
  JwtVerifier verifier(rules());
  EXPECT_EQ(verifier.verify(*mallory.sign(Algorithm::eddsa, kHeader, "not even JSON"), keys(), kNow).error(),
            TokenFault::signature);
}

TEST(Jwt, ExpIsMandatory) { EXPECT_EQ(fault(with("exp", "")), TokenFault::no_expiry); }

TEST(Jwt, ATokenEndsAtExpAndTheLeewayToTheSecond) {
  EXPECT_EQ(fault(with("exp", date(-29))), std::nullopt);
  EXPECT_EQ(fault(with("exp", date(-30))), TokenFault::expired);
  JwtRules strict = rules();
  strict.leeway = 0s;
  EXPECT_EQ(fault(with("exp", date(1)), strict), std::nullopt);
  EXPECT_EQ(fault(with("exp", date(0)), strict), TokenFault::expired);
}

TEST(JwtAttack, ExpOfAnotherType) {
  for (const char* exp : {R"("1760000060")", R"("never")", "null", "true", "[1760000060]", "{}", R"("")"}) {
    EXPECT_EQ(fault(with("exp", exp)), TokenFault::claims) << exp;
  }
}

TEST(JwtAttack, ExpOutOfBounds) {
  for (const char* exp :
       {"-1", "-1760000060", "-0.5", "1e400", "1e30", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "253402300800",
        "1760000060000",  // milliseconds
        "99999999999999999999999999999999"}) {
    EXPECT_EQ(fault(with("exp", exp)), TokenFault::claims) << exp;
  }
  EXPECT_EQ(fault(with("exp", "0")), TokenFault::expired);
  EXPECT_EQ(fault(with("exp", "1e-400")), TokenFault::expired);
}

TEST(JwtAttack, AnExpThatIsFarAwayDoesNotOverflowTheClock) {
  JwtVerifier verifier(rules());
  const auto token = verifier.verify(*issuer().sign_jwt(with("exp", "253402300799")), keys(), kNow);
  ASSERT_TRUE(token);
  EXPECT_GT(token->expires(), kNow);
}

TEST(Jwt, NumericDatesMayHaveFractionsAndExponents) {  // RFC 7519 section 2
  EXPECT_EQ(fault(with("exp", "1760000060.5")), std::nullopt);
  EXPECT_EQ(fault(with("exp", "1.76000006e9")), std::nullopt);
  EXPECT_EQ(fault(with("exp", "1759999970.9")), TokenFault::expired) << "rounded down";
  EXPECT_EQ(fault(with("nbf", "1760000030.1")), TokenFault::not_yet_valid) << "rounded up";
}

TEST(Jwt, NbfAndIatAreHeldAgainstTheClock) {
  EXPECT_EQ(fault(with("nbf", date(30))), std::nullopt);
  EXPECT_EQ(fault(with("nbf", date(31))), TokenFault::not_yet_valid);
  EXPECT_EQ(fault(with("iat", date(30))), std::nullopt);
  EXPECT_EQ(fault(with("iat", date(31))), TokenFault::issued_in_future);
  EXPECT_EQ(fault(with("iat", "0")), std::nullopt);
  for (const char* value : {R"("0")", "null", "-1", "1e400", "[]"}) {
    EXPECT_EQ(fault(with("nbf", value)), TokenFault::claims) << value;
    EXPECT_EQ(fault(with("iat", value)), TokenFault::claims) << value;
  }
}

TEST(JwtAttack, AnIssuerThatIsNearlyRight) {
  EXPECT_EQ(fault(with("iss", "")), TokenFault::issuer);
  for (const char* iss : {"https://idp.example.com", "https://idp.example.com//", "HTTPS://idp.example.com/",
                          "", "https://idp.example.com/ ", "https://idp.example.com/\\u0000",
                          "https://idp.example.com.evil/", "http://idp.example.com/"}) {
    EXPECT_EQ(fault(with("iss", fmt::format(R"("{}")", iss))), TokenFault::issuer) << iss;
  }
  for (const char* iss : {R"(["https://idp.example.com/"])", "null", "1", "{}"}) {
    EXPECT_EQ(fault(with("iss", iss)), TokenFault::claims) << iss;
  }
}

TEST(JwtAttack, AnAudienceThatIsNearlyRight) {
  EXPECT_EQ(fault(with("aud", R"(["billing","orders-api"])")), std::nullopt);
  EXPECT_EQ(fault(with("aud", "")), TokenFault::audience);
  for (const char* aud : {R"("orders-api-2")", R"("orders")", R"("Orders-API")", R"("")", "[]",
                          R"(["orders-api "])", R"("orders-api billing")", R"("*")"}) {
    EXPECT_EQ(fault(with("aud", aud)), TokenFault::audience) << aud;
  }
  for (const char* aud : {"null", "1", R"({"orders-api":true})", R"([["orders-api"]])", R"(["orders-api",1])",
                          R"([null,"orders-api"])"}) {
    EXPECT_EQ(fault(with("aud", aud)), TokenFault::claims) << aud;
  }
  JwtRules nobody = rules();
  nobody.audiences.clear();
  EXPECT_EQ(fault(with("aud", R"("orders-api")"), nobody), TokenFault::audience);
}

TEST(JwtAttack, ATokenOfAnotherKind) {  // RFC 8725 section 3.11, RFC 9068 section 4
  const std::string good = with("jti", R"("1")");
  for (const char* typ : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"}) {
    EXPECT_EQ(fault(good, rules(), fmt::format(R"({{"alg":"EdDSA","typ":"{}"}})", typ)), std::nullopt) << typ;
  }
  for (const char* typ : {"logout+jwt", "dpop+jwt", "secevent+jwt", "", "JWT ", "application/",
                          "application/application/jwt", "text/jwt", "at+jw", "at+jwtx"}) {
    EXPECT_EQ(fault(good, rules(), fmt::format(R"({{"alg":"EdDSA","typ":"{}"}})", typ)), TokenFault::type)
        << typ;
  }
  JwtRules access_tokens = rules();
  access_tokens.types = {"at+jwt"};
  EXPECT_EQ(fault(good, access_tokens), TokenFault::type) << "an ID token is no access token";
}

TEST(Jwt, ATokenWithoutTypIsAcceptedOnlyWhereConfigured) {
  const std::string good = with("jti", R"("1")");
  EXPECT_EQ(fault(good, rules(), R"({"alg":"EdDSA"})"), std::nullopt);
  JwtRules strict = rules();
  strict.without_type = JwtRules::WithoutType::refused;
  EXPECT_EQ(fault(good, strict, R"({"alg":"EdDSA"})"), TokenFault::type);
}

TEST(Jwt, ASubjectIsNeededUnlessConfiguredOtherwise) {
  JwtRules lenient = rules();
  lenient.without_subject = JwtRules::WithoutSubject::accepted;
  EXPECT_EQ(fault(with("sub", "")), TokenFault::subject);
  EXPECT_EQ(fault(with("sub", R"("")")), TokenFault::subject);
  EXPECT_EQ(fault(with("sub", ""), lenient), std::nullopt);
  for (const char* sub : {"1", "null", R"(["alice"])", "{}"}) {
    EXPECT_EQ(fault(with("sub", sub)), TokenFault::claims) << sub;
    EXPECT_EQ(fault(with("sub", sub), lenient), TokenFault::claims) << sub;
  }
  EXPECT_EQ(fault(with("jti", "7")), TokenFault::claims);
}

TEST(JwtAttack, DuplicateClaims) {
  const std::string good = with("role", R"("user")");
  for (const char* second :
       {R"("role":"admin")", R"("sub":"root")", R"("s\u0075b":"root")", R"("exp":9999999999)"}) {
    EXPECT_EQ(fault(good.substr(0, good.size() - 1) + "," + second + "}"), TokenFault::claims_json) << second;
  }
  EXPECT_EQ(fault(with("address", R"({"a":1,"a":2})")), TokenFault::claims_json) << "at any depth";
}

TEST(JwtAttack, ClaimsThatAreNotAnObjectOfStrictJson) {
  const std::string good = with("jti", R"("1")");
  ASSERT_EQ(fault(good), std::nullopt);
  for (const std::string& claims :
       {std::string(), std::string("null"), "[" + good + "]", std::string(R"("text")"), good + good,
        good + "x", good + '\0', "\xef\xbb\xbf" + good, with("x", "\"\xff\""), with("x", R"("\ud800")"),
        with("x", "01"), with("x", std::string(1000, '[') + std::string(1000, ']'))}) {
    EXPECT_EQ(fault(claims), TokenFault::claims_json) << claims;
  }
}

TEST(JwtAttack, ANestedToken) {
  const std::string inner = *issuer().sign_jwt(with("jti", R"("1")"));
  EXPECT_EQ(fault(inner, rules(), R"({"alg":"EdDSA","cty":"JWT"})"), TokenFault::claims_json);
}

TEST(Jwt, AVerifierCarriesNothingFromOneTokenToTheNext) {
  JwtVerifier verifier(rules());
  const auto first = verifier.verify(*issuer().sign_jwt(with("role", R"("admin")")), keys(), kNow);
  const auto second = verifier.verify(*issuer().sign_jwt(with("sub", R"("bob")")), keys(), kNow);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->subject(), "alice");
  EXPECT_EQ(first->claims().find_string("role"), "admin") << "still whole after the next verification";
  EXPECT_EQ(second->subject(), "bob");
  EXPECT_FALSE(second->claims().find("role"));
}

}  // namespace
}  // namespace gatehouse::crypto
