#include "gate/scheme_mutual_tls.h"

#include <algorithm>
#include <variant>

#include "crypto/certificate.h"
#include "crypto/distinguished_name.h"
#include "gate/standing.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kRememberedCertificates = 4'096;

void build_claims(const crypto::PeerCertificate& certificate, json::Document& into) {
  json::Document document;
  json::Builder builder(document);
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
  text("issuer", certificate.issuer);
  text("common_name", certificate.common_name);
  list("dns_names", certificate.dns_names);
  list("uris", certificate.uris);
  list("emails", certificate.emails);
  text("serial", certificate.serial);
  text("fingerprint", certificate.fingerprint);
  builder.end_object();
  into = json::Document::compact(document.root());
}

bool is_one_of(const std::vector<policy::PlacedText>& issuers, std::string_view issuer) {
  return issuers.empty() || std::ranges::any_of(issuers, [&](const policy::PlacedText& one) {
           return crypto::is_same_name(one.value, issuer);
         });
}

}  // namespace

MutualTlsScheme::MutualTlsScheme(const policy::PolicySet& policy,
                                 const policy::AuthenticatorPolicy& authenticator,
                                 std::shared_ptr<RevocationSource> revocations, std::size_t cache_bytes,
                                 std::shared_ptr<crypto::CacheMeter> meter)
    : authenticator_(authenticator),
      settings_(std::get<policy::MutualTlsSettings>(authenticator.settings->of)),
      builder_(policy, authenticator),
      revocations_(std::move(revocations)),
      cache_(kRememberedCertificates, cache_bytes, std::move(meter)) {}

bool MutualTlsScheme::owns(std::string_view credential) const {
  const auto certificate = crypto::parse_certificate(credential);
  // Every scheme refuses a certificate that cannot be read.
  return !certificate || is_one_of(settings_.issuers, certificate->issuer);
}

const crypto::RevocationLists* MutualTlsScheme::current_lists() {
  if (!revocations_) return nullptr;
  if (const std::uint64_t version = revocations_->version(); version != version_) {
    version_ = version;
    lists_ = revocations_->lists();
  }
  return lists_.get();
}

Verdict<void> MutualTlsScheme::check_revocation(json::Value claims, WallTime now, std::string& why) {
  const crypto::RevocationLists* const lists = current_lists();
  if (lists == nullptr) return {};
  const auto fault = revocation_fault(*lists, claims.find_string("issuer").value_or(""),
                                      claims.find_string("serial").value_or(""), now);
  if (!fault) return {};
  why = fault->why;
  return refuse(fault->reason, authenticator_.name);
}

Verdict<SchemeResult> MutualTlsScheme::identify(const Presented& presented, std::string& why) {
  // The handshake saw to the dates; a connection can outlive its certificate, and those of its authorities.
  if (presented.now >= presented.certificate_ends) {
    why = "the certificate, or one of an authority between it and the root, has expired";
    return refuse(Reason::credential_expired, authenticator_.name);
  }
  const crypto::TokenKey key(presented.credential);
  IdentityPointer identity = cache_.find(key, 0, presented.now);
  if (!identity) {
    const auto certificate = crypto::parse_certificate(presented.credential);
    if (!certificate) {
      why = certificate.error().text;
      return refuse(Reason::credential_malformed, authenticator_.name);
    }
    if (presented.now >= certificate->not_after)
      return refuse(Reason::credential_expired, authenticator_.name);
    if (!is_one_of(settings_.issuers, certificate->issuer)) {
      why = "the certificate's issuer is not one of the authenticator's `issuers`";
      return refuse(Reason::credential_unknown, authenticator_.name);
    }
    Identity fresh = builder_.begin(PrincipalKind::certificate);
    fresh.id = authenticator_.id ? std::string() : certificate->subject;
    fresh.issuer = certificate->issuer;
    fresh.credential_id = certificate->fingerprint;
    fresh.credential_key = certificate->fingerprint;
    fresh.expires = certificate->not_after;
    fresh.standing = standing_of_certificate(revocations_, certificate->issuer, certificate->serial,
                                             certificate->not_after, authenticator_.name);
    build_claims(*certificate, fresh.claims);
    if (auto read = builder_.read_claims(fresh, why); !read) return std::unexpected(read.error());
    auto finished = builder_.finish(std::move(fresh), why);
    if (!finished) return std::unexpected(finished.error());
    identity = *std::move(finished);
    cache_.put(key, 0, identity->expires, identity, memory_of(*identity));
  }
  if (auto good = check_revocation(identity->claims.root(), presented.now, why); !good) {
    return std::unexpected(good.error());
  }
  return SchemeResult(std::move(identity));
}

}  // namespace gatehouse::gate
