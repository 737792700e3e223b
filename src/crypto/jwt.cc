#include "crypto/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "base/encoding.h"
#include "base/strings.h"
#include "crypto/hash.h"

namespace gatehouse::crypto {
namespace {

constexpr std::size_t kClaimsDepth = 32;
// The end of the year 9999: a later date is a slip (milliseconds, as a rule) or an attempt at an overflow.
constexpr std::int64_t kLastSecond = 253'402'300'799;
// The last time of WallTime, less room for any leeway.
constexpr std::int64_t kLastWallSecond = 9'000'000'000;

enum class Round : std::uint8_t { down, up };

// RFC 7519 section 2, NumericDate. Nothing if it is not a number between 1970 and 9999.
std::optional<std::int64_t> numeric_date(json::Value value, Round round) {
  if (!value.is_number()) return std::nullopt;
  std::optional<std::int64_t> seconds = value.integer();
  if (!seconds) {
    const double exact = value.number();
    if (!(exact >= 0 && exact <= static_cast<double>(kLastSecond))) return std::nullopt;
    seconds = static_cast<std::int64_t>(round == Round::up ? std::ceil(exact) : std::floor(exact));
  }
  if (*seconds < 0 || *seconds > kLastSecond) return std::nullopt;
  return seconds;
}

WallTime wall_time_from_seconds(std::int64_t seconds) {
  return WallTime{std::chrono::seconds{std::min(seconds, kLastWallSecond)}};
}

std::string_view without_application(std::string_view type) {
  constexpr std::string_view kPrefix = "application/";
  if (equal_ignoring_case(type.substr(0, kPrefix.size()), kPrefix)) type.remove_prefix(kPrefix.size());
  return type;
}

bool type_holds(json::Value header, const JwtRules& rules) {
  const auto typ = header.find_string("typ");
  if (!typ) return rules.without_type == JwtRules::WithoutType::accepted;
  return std::any_of(rules.types.begin(), rules.types.end(), [&](std::string_view accepted) {
    return equal_ignoring_case(without_application(*typ), without_application(accepted));
  });
}

std::optional<TokenFault> audience_fault(json::Value claims, const JwtRules& rules) {
  const auto is_ours = [&](std::string_view name) {
    return std::find(rules.audiences.begin(), rules.audiences.end(), name) != rules.audiences.end();
  };
  const auto aud = claims.find("aud");
  if (!aud) return TokenFault::audience;
  if (aud->is_string()) return is_ours(aud->string()) ? std::nullopt : std::optional(TokenFault::audience);
  if (!aud->is_array()) return TokenFault::claims;
  bool found = false;
  for (const json::Value element : aud->elements()) {
    if (!element.is_string()) return TokenFault::claims;
    found = found || is_ours(element.string());
  }
  return found ? std::nullopt : std::optional(TokenFault::audience);
}

struct Dates {
  WallTime expires;  // from this moment the token is refused
  std::optional<WallTime> authenticated_at;
};

// A claim that is present and cannot be read refuses: absent is the only other thing that it can be.
std::expected<Dates, TokenFault> check_dates(json::Value claims, std::chrono::seconds leeway, WallTime now) {
  const auto exp = claims.find("exp");
  if (!exp) return std::unexpected(TokenFault::no_expiry);
  const auto expiry = numeric_date(*exp, Round::down);
  if (!expiry) return std::unexpected(TokenFault::claims);
  Dates dates{wall_time_from_seconds(*expiry) + leeway, {}};
  if (now >= dates.expires) return std::unexpected(TokenFault::expired);

  if (const auto nbf = claims.find("nbf")) {
    const auto begin = numeric_date(*nbf, Round::up);
    if (!begin) return std::unexpected(TokenFault::claims);
    if (now + leeway < wall_time_from_seconds(*begin)) return std::unexpected(TokenFault::not_yet_valid);
  }
  // The later one in this list says when the subject was authenticated.
  constexpr std::pair<std::string_view, TokenFault> kPast[] = {
      {"iat", TokenFault::issued_in_future}, {"auth_time", TokenFault::authenticated_in_future}};
  for (const auto& [name, in_future] : kPast) {
    const auto claim = claims.find(name);
    if (!claim) continue;
    const auto second = numeric_date(*claim, Round::down);
    if (!second) return std::unexpected(TokenFault::claims);
    if (now + leeway < wall_time_from_seconds(*second)) return std::unexpected(in_future);
    dates.authenticated_at = wall_time_from_seconds(*second);
  }
  return dates;
}

// RFC 7800 section 3.1 with RFC 8705 section 3.1: the fingerprint of the certificate, in hex. A member beside
// it would bind the token to something else too, which nothing here checks.
std::optional<std::string> certificate_of(json::Value confirmation) {
  if (!confirmation.is_object() || confirmation.size() != 1) return std::nullopt;
  const auto thumbprint = confirmation.find_string("x5t#S256");
  if (!thumbprint) return std::nullopt;
  const auto bytes = from_base64url(*thumbprint);
  if (!bytes || bytes->size() != std::tuple_size_v<Digest256>) return std::nullopt;
  return hex(as_bytes(*bytes));
}

bool is_list_of_texts(json::Value value) {
  if (!value.is_array()) return false;
  for (const json::Value element : value.elements()) {
    if (!element.is_string()) return false;
  }
  return true;
}

}  // namespace

bool VerifiedToken::names_method(std::string_view method) const {
  const auto methods = claims().find("amr");
  if (!methods) return false;
  for (const json::Value one : methods->elements()) {
    if (one.string() == method) return true;
  }
  return false;
}

JwtVerifier::JwtVerifier(JwtRules rules) : rules_(std::move(rules)), signatures_(rules_.max_token_bytes) {}

std::expected<VerifiedToken, TokenFault> JwtVerifier::verify(std::string_view token, const KeySet& keys,
                                                             WallTime now) {
  const auto jws = signatures_.verify(token, keys, rules_.algorithms);
  if (!jws) return std::unexpected(jws.error());
  if (!type_holds(jws->header(), rules_)) return std::unexpected(TokenFault::type);

  VerifiedToken result;
  if (!parser_.parse(jws->payload(), result.claims_, {.depth = kClaimsDepth}) ||
      !result.claims().is_object()) {
    return std::unexpected(TokenFault::claims_json);
  }
  const json::Value claims = result.claims();
  // RFC 7519 section 4.1: present claims have the right type, whether they are needed or not.
  for (const std::string_view text : {"iss", "sub", "jti"}) {
    if (const auto claim = claims.find(text); claim && !claim->is_string()) {
      return std::unexpected(TokenFault::claims);
    }
  }
  if (const auto amr = claims.find("amr"); amr && !is_list_of_texts(*amr)) {
    return std::unexpected(TokenFault::claims);
  }
  if (const auto confirmation = claims.find("cnf")) {
    auto certificate = certificate_of(*confirmation);
    if (!certificate) return std::unexpected(TokenFault::confirmation);
    result.certificate_ = *std::move(certificate);
  }
  const auto issuer = claims.find_string("iss");
  if (!issuer || *issuer != rules_.issuer) return std::unexpected(TokenFault::issuer);
  if (const auto fault = audience_fault(claims, rules_)) return std::unexpected(*fault);
  const auto dates = check_dates(claims, rules_.leeway, now);
  if (!dates) return std::unexpected(dates.error());

  const std::string_view subject = claims.find_string("sub").value_or("");
  if (subject.empty() && rules_.without_subject == JwtRules::WithoutSubject::refused) {
    return std::unexpected(TokenFault::subject);
  }
  result.subject_ = subject;
  result.key_thumbprint_ = jws->key().thumbprint();
  result.expires_ = dates->expires;
  result.authenticated_at_ = dates->authenticated_at;
  return result;
}

}  // namespace gatehouse::crypto
