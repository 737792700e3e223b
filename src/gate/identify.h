// Admitted × credentials → Principal, exactly as OpenAPI's `security` says: any one alternative suffices, all
// schemes of an alternative must hold, and a credential that is presented and bad refuses even where another
// would do.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/scheme.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "gate/route.h"

namespace gatehouse::gate {

// The schemes of one policy on one worker, in the order of PolicySet::authenticators.
using Schemes = std::vector<std::unique_ptr<Scheme>>;

class Identifier {
 public:
  Identifier(const policy::PolicySet& policy, const Schemes& schemes);

  // The principal; or the scheme that has to settle first: wait for it, then ask again.
  using Outcome = std::variant<Principal, Scheme*>;
  Verdict<Outcome> identify(Exchange& exchange, const Matched& matched, const Admitted& admitted,
                            WallTime now);

 private:
  struct Held {
    std::uint32_t authenticator = 0;
    std::shared_ptr<const Identity> identity;
  };
  Verdict<std::string_view> credential_of(Exchange& exchange,
                                          const policy::AuthenticatorPolicy& authenticator) const;
  const Identity* held(std::uint32_t authenticator) const;
  std::shared_ptr<const Identity> combined(const policy::SchemeAlternative& alternative) const;

  const policy::PolicySet& policy_;
  const Schemes& schemes_;
  std::shared_ptr<const Identity> anonymous_;
  std::vector<Held> held_;  // of the request at hand
};

}  // namespace gatehouse::gate
