#include "gate/scheme_jwt.h"

#include <algorithm>
#include <variant>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "gate/activation.h"
#include "gate/standing.h"
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
    case Fault::issued_in_future:
    case Fault::authenticated_in_future: return Reason::credential_not_yet_valid;
    case Fault::algorithm_unknown:
    case Fault::algorithm_not_allowed:
    case Fault::signature:
    case Fault::signature_form: return Reason::credential_signature;
    case Fault::key_not_found:
    case Fault::key_ambiguous: return Reason::credential_unknown;
    case Fault::type:
    case Fault::claims:
    case Fault::confirmation:
    case Fault::issuer:
    case Fault::audience:
    case Fault::subject:
    case Fault::no_expiry: return Reason::credential_claims;
    default: return Reason::credential_malformed;
  }
}

// The claim `scope`: words between spaces (RFC 8693 section 4.2), or a list of them, as some issuers write
// it.
bool read_scope(json::Value scope, std::vector<std::string>& into) {
  if (scope.is_string()) {
    split_words(scope.string(), into);
    return true;
  }
  if (!scope.is_array()) return false;
  for (const json::Value one : scope.elements()) {
    if (!one.is_string()) return false;
    into.emplace_back(one.string());
  }
  return true;
}

}  // namespace

JwtScheme::JwtScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                     std::shared_ptr<KeySource> source, std::shared_ptr<RevocationSource> revocations,
                     net::Loop& loop, const Clock& clock, std::size_t cache_bytes,
                     std::shared_ptr<crypto::CacheMeter> meter)
    : authenticator_(authenticator),
      builder_(policy, authenticator),
      source_(std::move(source)),
      revocations_(std::move(revocations)),
      loop_(loop),
      clock_(clock),
      settings_(std::get<policy::JwtSettings>(authenticator.settings->of)),
      verifier_(rules_of(settings_)),
      cache_(kRememberedTokens, cache_bytes, std::move(meter)) {}

// A token is for the authenticator that it names by issuer and audience; nothing of it is believed yet.
bool JwtScheme::owns(std::string_view credential) const {
  if (credential.starts_with("gh_")) return false;
  const auto first = credential.find('.');
  const auto second = first == std::string_view::npos ? first : credential.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  const auto payload = from_base64url(credential.substr(first + 1, second - first - 1));
  json::Document document;
  if (!payload || !json::Parser().parse(*payload, document)) return false;
  if (document.root().find_string("iss") != settings_.issuer.value) return false;
  const auto is_ours = [&](json::Value name) {
    return name.is_string() &&
           std::ranges::find(settings_.audiences, name.string()) != settings_.audiences.end();
  };
  const auto audience = document.root().find("aud");
  if (!audience) return false;
  if (!audience->is_array()) return is_ours(*audience);
  for (const json::Value one : audience->elements()) {
    if (is_ours(one)) return true;
  }
  return false;
}

const crypto::KeySet* JwtScheme::current_keys() {
  const std::uint64_t version = source_->version();
  if (version != version_) {
    version_ = version;
    keys_ = source_->keys();
  }
  return keys_.get();
}

Verdict<SchemeResult> JwtScheme::identify(const Presented& presented, std::string& why) {
  auto identity = identify_now(presented, why);
  if (!identity) return std::unexpected(identity.error());
  if (*identity == nullptr) return SchemeResult(identify_with_fetched_keys(presented));
  return SchemeResult(*std::move(identity));
}

net::Task<Waited> JwtScheme::identify_with_fetched_keys(Presented presented) {
  co_await source_->settled(loop_, presented.deadline);
  presented.now = clock_.wall();
  std::string why;
  auto identity = identify_now(presented, why);
  // Waits for one fetch: keys that it did not bring in time refuse the token.
  if (identity && *identity == nullptr) {
    why = "the keys of the issuer did not arrive in time";
    identity = refuse(Reason::keys_unavailable, authenticator_.name);
  }
  co_return Waited{std::move(identity), std::move(why)};
}

Verdict<IdentityPointer> JwtScheme::identify_now(const Presented& presented, std::string& why) {
  const crypto::KeySet* const keys = current_keys();
  if (keys == nullptr) {
    if (source_->refresh() == KeySource::Worth::waiting) return nullptr;
    why = "there are no keys of the issuer: none has been read yet, or the last ones are too old";
    return refuse(Reason::keys_unavailable, authenticator_.name);
  }
  const crypto::TokenKey key(presented.credential);
  if (auto known = cache_.find(key, keys->generation(), presented.now)) {
    if (known->bound_to.empty()) return known;
    if (auto held = check_holder(known->bound_to, presented, why); !held) {
      return std::unexpected(held.error());
    }
    if (auto holds = known->standing->in_force(presented.now); !holds) {
      why = "the certificate that the token is bound to, or the token, is not valid any more";
      return std::unexpected(holds.error());
    }
    return known;
  }

  const auto token = verifier_.verify(presented.credential, *keys, presented.now);
  if (!token) {
    if (token.error() == crypto::TokenFault::key_not_found &&
        source_->refresh() == KeySource::Worth::waiting) {
      return nullptr;
    }
    why = crypto::name(token.error());
    return refuse(reason_of(token.error()), authenticator_.name);
  }
  if (auto held = check_holder(token->certificate(), presented, why); !held) {
    return std::unexpected(held.error());
  }
  auto identity = identity_of(*token, presented, why);
  if (!identity) return std::unexpected(identity.error());
  if (!token->certificate().empty()) {
    if (auto holds = (*identity)->standing->in_force(presented.now); !holds) {
      why = "the certificate that the token is bound to is not valid any more";
      return std::unexpected(holds.error());
    }
  }
  cache_.put(key, keys->generation(), token->expires(), *identity, memory_of(**identity));
  return identity;
}

// RFC 8705 section 3: a token that is bound to a certificate is good on its holder's connections alone.
Verdict<void> JwtScheme::check_holder(const std::string& bound_to, const Presented& presented,
                                      std::string& why) const {
  if (bound_to.empty()) return {};
  if (presented.certificate.empty()) {
    why = "the token is bound to a client certificate, and the connection has none";
  } else if (hex(crypto::sha256(presented.certificate)) != bound_to) {
    why = "the token is bound to a client certificate other than the connection's";
  } else if (presented.now >= presented.certificate_ends) {
    why =
        "the certificate that the token is bound to, or one of an authority between it and the root, has "
        "expired";
    return refuse(Reason::credential_expired, authenticator_.name);
  } else {
    return {};
  }
  return refuse(Reason::credential_claims, authenticator_.name);
}

Verdict<IdentityPointer> JwtScheme::identity_of(const crypto::VerifiedToken& token,
                                                const Presented& presented, std::string& why) {
  Identity identity = builder_.begin(PrincipalKind::token);
  const json::Value claims = token.claims();
  identity.id = token.subject();
  identity.issuer = settings_.issuer.value;
  identity.credential_id = claims.find_string("jti").value_or("");
  // Of the signed part: an ECDSA signature has a second valid form.
  identity.credential_key = identity.credential_id.empty()
                                ? hex(crypto::sha256(crypto::signed_part(presented.credential)))
                                : identity.credential_id;
  identity.authenticated_at = token.authenticated_at();
  identity.mfa = token.names_method("mfa");
  identity.expires = token.expires();
  identity.standing = standing_of_token(source_, version_, token, authenticator_.name);
  identity.bound_to = token.certificate();
  if (!identity.bound_to.empty()) {
    const auto certificate = crypto::parse_certificate(presented.certificate);
    if (!certificate) {
      why = certificate.error().text;
      return refuse(Reason::credential_malformed, authenticator_.name);
    }
    identity.standing =
        standing_of_both(std::move(identity.standing),
                         standing_of_certificate(revocations_, certificate->issuer, certificate->serial,
                                                 certificate->not_after, authenticator_.name));
  }
  identity.claims = json::Document::compact(claims);
  if (const auto scope = claims.find("scope"); scope && !authenticator_.scopes) {
    if (!read_scope(*scope, identity.scopes)) {
      why = "scope: is neither a text nor a list of texts";
      return refuse(Reason::credential_claims, authenticator_.name);
    }
  }
  if (auto read = builder_.read_claims(identity, why); !read) return std::unexpected(read.error());
  return builder_.finish(std::move(identity), why);
}

}  // namespace gatehouse::gate
