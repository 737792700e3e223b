// Mutual TLS: the certificate that the handshake has verified names the principal.
#pragma once

#include <memory>

#include "core/scheme.h"
#include "crypto/token_cache.h"
#include "gate/identity_builder.h"
#include "gate/revocation.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class MutualTlsScheme final : public Scheme {
 public:
  // `revocations` may be null: no lists are configured. `cache_bytes` bounds this worker's cache.
  MutualTlsScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                  std::shared_ptr<RevocationSource> revocations, std::size_t cache_bytes,
                  std::shared_ptr<crypto::CacheMeter> meter);

  // `claims` of the scheme's expressions: {subject, issuer, common_name, dns_names, uris, emails, serial,
  // fingerprint}.
  Verdict<SchemeResult> identify(const Presented& presented, std::string& why) override;
  bool owns(std::string_view credential) const override;

 private:
  const crypto::RevocationLists* current_lists();
  Verdict<void> check_revocation(json::Value claims, WallTime now, std::string& why);

  const policy::AuthenticatorPolicy& authenticator_;
  const policy::MutualTlsSettings& settings_;
  IdentityBuilder builder_;
  std::shared_ptr<RevocationSource> revocations_;
  std::shared_ptr<const crypto::RevocationLists> lists_;  // of revocations_, at version_
  std::uint64_t version_ = 0;
  crypto::TokenCache<FinishedIdentity> cache_;
};

}  // namespace gatehouse::gate
