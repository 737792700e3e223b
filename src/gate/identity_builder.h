// What a credential says → Identity: the rules that are the same for every scheme. Which roles count, what a
// missing claim means, and whom an authenticator may name.
#pragma once

#include <memory>
#include <string>

#include "cel/program.h"
#include "core/identity.h"
#include "core/verdict.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class IdentityBuilder {
 public:
  // Both must outlive the builder.
  IdentityBuilder(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator)
      : policy_(policy), authenticator_(authenticator) {}

  // An identity of this authenticator, to be filled in with what the credential says.
  Identity begin(PrincipalKind kind) const;

  // Reads the authenticator's expressions over `identity.claims` into id, roles, scopes and tenant. A member
  // that the claims do not have leaves what is there: no roles, no scopes, no tenant. Anything else that is
  // no list of texts (no text) refuses with credential_claims.
  Verdict<void> read_claims(Identity& identity, std::string& why);

  // Settles what the policy makes of it. Refuses with credential_claims an id that is empty, that is
  // Gatehouse's own, or that only another authenticator may give.
  Verdict<IdentityPointer> finish(Identity identity, std::string& why) const;

 private:
  std::unexpected<Refusal> refused() const { return refuse(Reason::credential_claims, authenticator_.name); }

  const policy::PolicySet& policy_;
  const policy::AuthenticatorPolicy& authenticator_;
  cel::Scratch scratch_;
};

}  // namespace gatehouse::gate
