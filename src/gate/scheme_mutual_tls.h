// Mutual TLS: the certificate that the handshake has verified names the principal.
#pragma once

#include <memory>

#include "cel/program.h"
#include "core/scheme.h"
#include "crypto/token_cache.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class MutualTlsScheme final : public Scheme {
 public:
  MutualTlsScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator);

  // `claims` of the scheme's expressions: {subject, common_name, dns_names, uris, emails, serial,
  // fingerprint}.
  Verdict<Identified> identify(const Presented& presented, std::string& why) override;
  bool owns(std::string_view) const override { return true; }
  net::Task<void> settled(MonotonicTime) override { co_return; }

 private:
  const policy::PolicySet& policy_;
  const policy::AuthenticatorPolicy& authenticator_;
  crypto::TokenCache<Identity> cache_;
  cel::Scratch scratch_;
};

}  // namespace gatehouse::gate
