#include "gate/scheme_mutual_tls.h"

#include "crypto/certificate.h"
#include "gate/activation.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kRememberedCertificates = 4'096;

void build_claims(const crypto::PeerCertificate& certificate, json::Document& into) {
  json::Builder builder(into);
  const auto text = [&](std::string_view key, std::string_view value) {
    builder.key(key);
    builder.string(value);
  };
  const auto list = [&](std::string_view key, const std::vector<std::string>& values) {
    builder.key(key);
    builder.begin_array();
    for (const std::string& value : values) builder.string(value);
    builder.end_array();
  };
  builder.begin_object();
  text("subject", certificate.subject);
  text("common_name", certificate.common_name);
  list("dns_names", certificate.dns_names);
  list("uris", certificate.uris);
  list("emails", certificate.emails);
  text("serial", certificate.serial);
  text("fingerprint", certificate.fingerprint);
  builder.end_object();
}

}  // namespace

MutualTlsScheme::MutualTlsScheme(const policy::PolicySet& policy,
                                 const policy::AuthenticatorPolicy& authenticator)
    : policy_(policy), authenticator_(authenticator), cache_(kRememberedCertificates) {}

Verdict<Identified> MutualTlsScheme::identify(const Presented& presented, std::string& why) {
  const crypto::TokenKey key(presented.credential);
  if (auto known = cache_.find(key, 0, presented.now)) return Identified(std::move(known));

  const auto certificate = crypto::parse_certificate(presented.credential);
  if (!certificate) {
    why = certificate.error().text;
    return refuse(Reason::credential_malformed, authenticator_.name);
  }
  // The handshake saw to the dates; a connection can outlive its certificate.
  if (presented.now >= certificate->not_after) return refuse(Reason::credential_expired, authenticator_.name);
  auto identity = std::make_shared<Identity>();
  identity->kind = PrincipalKind::certificate;
  identity->scheme = authenticator_.name;
  identity->credential_id = certificate->fingerprint;
  identity->authenticated_at = presented.now;
  identity->expires = certificate->not_after;
  build_claims(*certificate, identity->claims);
  const json::Value claims = identity->claims.root();

  const auto id = authenticator_.id ? text_of(*authenticator_.id, claims, scratch_) : certificate->subject;
  if (!id || id->empty()) {
    why = "the certificate gives no id";
    return refuse(Reason::credential_claims, authenticator_.name);
  }
  identity->id = *id;
  if (authenticator_.roles) {
    auto roles = texts_of(*authenticator_.roles, claims, Words::whole, scratch_);
    if (!roles) {
      why = "roles: the expression gives no list of texts for this certificate";
      return refuse(Reason::credential_claims, authenticator_.name);
    }
    for (std::string& role : *roles) {
      if (policy_.has_role(role)) identity->roles.push_back(std::move(role));
    }
  }
  if (authenticator_.tenant)
    identity->tenant = text_of(*authenticator_.tenant, claims, scratch_).value_or("");
  identity->permissions = policy_.permissions_of(identity->roles, PrincipalKind::certificate);
  identity->permission_patterns = policy_.permission_patterns_of(identity->roles, PrincipalKind::certificate);
  std::shared_ptr<const Identity> done = std::move(identity);
  cache_.put(key, 0, certificate->not_after, done);
  return Identified(std::move(done));
}

}  // namespace gatehouse::gate
