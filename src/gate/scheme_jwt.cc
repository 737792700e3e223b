#include "gate/scheme_jwt.h"

#include "base/encoding.h"
#include "gate/activation.h"
#include "json/parser.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kRememberedTokens = 16'384;

crypto::JwtRules rules_of(const policy::JwtSettings& settings) {
  crypto::JwtRules rules;
  rules.issuer = settings.issuer.value;
  rules.audiences = settings.audiences;
  for (const std::string& name : settings.algorithms) {
    if (const auto algorithm = crypto::parse_algorithm(name)) rules.algorithms.add(*algorithm);
  }
  if (!settings.types.empty()) {
    rules.types = settings.types;
    rules.without_type = crypto::JwtRules::WithoutType::refused;
  }
  rules.leeway = std::chrono::duration_cast<std::chrono::seconds>(settings.leeway);
  return rules;
}

Reason reason_of(crypto::TokenFault fault) {
  using Fault = crypto::TokenFault;
  switch (fault) {
    case Fault::expired: return Reason::credential_expired;
    case Fault::not_yet_valid:
    case Fault::issued_in_future: return Reason::credential_not_yet_valid;
    case Fault::algorithm_unknown:
    case Fault::algorithm_not_allowed:
    case Fault::signature:
    case Fault::signature_form: return Reason::credential_signature;
    case Fault::key_not_found:
    case Fault::key_ambiguous: return Reason::credential_unknown;
    case Fault::type:
    case Fault::claims:
    case Fault::issuer:
    case Fault::audience:
    case Fault::subject:
    case Fault::no_expiry: return Reason::credential_claims;
    default: return Reason::credential_malformed;
  }
}

std::optional<WallTime> date(json::Value claims, std::string_view name) {
  constexpr std::int64_t kLast = 9'000'000'000;  // a WallTime ends in 2262
  const auto claim = claims.find(name);
  const auto seconds = claim && claim->is_number() ? claim->integer() : std::nullopt;
  if (!seconds || *seconds < 0 || *seconds > kLast) return std::nullopt;
  return WallTime{std::chrono::seconds{*seconds}};
}

// Whether `amr` (RFC 8176) has the method.
bool names_factor(json::Value claims, std::string_view method) {
  const auto methods = claims.find("amr");
  if (!methods || methods->kind() != json::Kind::array) return false;
  for (const json::Value one : methods->elements()) {
    if (one.kind() == json::Kind::string && one.string() == method) return true;
  }
  return false;
}

}  // namespace

JwtScheme::JwtScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                     std::shared_ptr<KeySource> source, net::Loop& loop)
    : policy_(policy),
      authenticator_(authenticator),
      source_(std::move(source)),
      loop_(loop),
      verifier_(rules_of(authenticator.settings->jwt)),
      cache_(kRememberedTokens) {}

// Only the issuer is read, and only to choose between schemes: nothing is believed before it is verified.
bool JwtScheme::owns(std::string_view credential) const {
  const auto first = credential.find('.');
  if (first == std::string_view::npos) return false;
  const auto second = credential.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  const auto payload = from_base64url(credential.substr(first + 1, second - first - 1));
  json::Document document;
  if (!payload || !json::Parser().parse(*payload, document)) return false;
  return document.root().find_string("iss") == authenticator_.settings->jwt.issuer.value;
}

const crypto::KeySet* JwtScheme::current_keys() {
  const std::uint64_t version = source_->version();
  if (version != version_) {
    version_ = version;
    keys_ = source_->keys();
  }
  return keys_.get();
}

Verdict<Identified> JwtScheme::identify(const Presented& presented, std::string& why) {
  const crypto::KeySet* const keys = current_keys();
  if (keys == nullptr) {
    if (source_->refresh()) return Identified(KeysPending{});
    why = "no keys of the issuer could be read yet";
    return refuse(Reason::keys_unavailable, authenticator_.name);
  }
  const crypto::TokenKey key(presented.credential);
  if (auto known = cache_.find(key, keys->generation(), presented.now)) return Identified(std::move(known));

  auto token = verifier_.verify(presented.credential, *keys, presented.now);
  if (!token) {
    if (token.error() == crypto::TokenFault::key_not_found && source_->refresh())
      return Identified(KeysPending{});
    why = crypto::name(token.error());
    return refuse(reason_of(token.error()), authenticator_.name);
  }
  const WallTime expires = token->expires();
  auto identity = identity_of(*std::move(token), why);
  if (!identity) return std::unexpected(identity.error());
  cache_.put(key, keys->generation(), expires, *identity);
  return Identified(*std::move(identity));
}

Verdict<std::shared_ptr<const Identity>> JwtScheme::identity_of(crypto::VerifiedToken token,
                                                                std::string& why) {
  auto identity = std::make_shared<Identity>();
  identity->kind = PrincipalKind::token;
  identity->scheme = authenticator_.name;
  identity->id = token.subject();
  identity->expires = token.expires();
  const json::Value claims = token.claims();
  identity->credential_id = std::string(claims.find_string("jti").value_or(""));
  // When the caller proved who it is (OpenID Connect Core, section 2), or else when the token was issued.
  const auto proven = date(claims, "auth_time");
  identity->authenticated_at = proven ? *proven : date(claims, "iat").value_or(WallTime{});
  identity->mfa = names_factor(claims, "mfa");
  const auto failed = [&](std::string_view what) {
    why = std::string(what) + ": the expression gives no list of texts for this token";
    return refuse(Reason::credential_claims, authenticator_.name);
  };
  if (authenticator_.roles) {
    auto roles = texts_of(*authenticator_.roles, claims, Words::whole, scratch_);
    if (!roles) return failed("roles");
    for (std::string& role : *roles) {
      if (policy_.has_role(role)) identity->roles.push_back(std::move(role));
    }
  }
  if (authenticator_.scopes) {
    auto scopes = texts_of(*authenticator_.scopes, claims, Words::split, scratch_);
    if (!scopes) return failed("scopes");
    identity->scopes = *std::move(scopes);
  } else if (const auto scope = claims.find_string("scope")) {
    std::string_view rest = *scope;
    while (!rest.empty()) {
      const auto space = rest.find(' ');
      if (space != 0) identity->scopes.emplace_back(rest.substr(0, space));
      if (space == std::string_view::npos) break;
      rest.remove_prefix(space + 1);
    }
  }
  if (authenticator_.tenant) {
    auto tenant = text_of(*authenticator_.tenant, claims, scratch_);
    if (!tenant) return failed("tenant");
    identity->tenant = *std::move(tenant);
  }
  identity->permissions = policy_.permissions_of(identity->roles, PrincipalKind::token);
  identity->permission_patterns = policy_.permission_patterns_of(identity->roles, PrincipalKind::token);
  json::Builder(identity->claims).copy(claims);
  return std::shared_ptr<const Identity>(std::move(identity));
}

}  // namespace gatehouse::gate
