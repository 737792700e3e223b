// Claims of a credential → Identity: the rules that are the same for every scheme. They decide the roles that
// count, the meaning of a missing claim, and the ids that an authenticator may give.
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

  // An identity of this authenticator, to be filled in from the credential.
  Identity begin(PrincipalKind kind) const;

  // Reads the authenticator's expressions over `identity.claims` into id, roles, scopes and tenant. A missing
  // member of the claims gives no roles, no scopes, no tenant. Any other value that is not a list of texts
  // (not a text) refuses with credential_claims.
  Verdict<void> read_claims(Identity& identity, std::string& why);

  // Applies the policy to it. Refuses with credential_claims an id that is empty, reserved, or that only
  // another authenticator may give.
  Verdict<IdentityPointer> finish(Identity identity, std::string& why) const;

 private:
  std::unexpected<Refusal> refused() const { return refuse(Reason::credential_claims, authenticator_.name); }

  const policy::PolicySet& policy_;
  const policy::AuthenticatorPolicy& authenticator_;
  cel::Scratch scratch_;
};

}  // namespace gatehouse::gate
