// Admitted × credentials → Identified, exactly as OpenAPI's `security` says: any one alternative suffices,
// all schemes of an alternative must hold, each by a credential of its own, and a credential that is
// presented and bad refuses even where another would do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/scheme.h"
#include "core/verdict.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

// The schemes of one policy on one worker, in the order of PolicySet::authenticators.
using Schemes = std::vector<std::unique_ptr<Scheme>>;

class Identifier {
 public:
  Identifier(const policy::PolicySet& policy, const Schemes& schemes);

  // A scheme that has to wait before it knows the owner of its credential.
  struct Pending {
    std::uint32_t authenticator;
    net::Task<Waited> task;
  };
  // Consumes `admitted` if it gives a proof for it. `exchange.proven` holds every proven principal, also if
  // this refuses or if the principal is anonymous; the one for the event comes first.
  using Outcome = std::variant<Identified, Pending>;
  Verdict<Outcome> identify(Admitted&& admitted, WallTime now, MonotonicTime deadline) const;
  // The same to its end: waits for `pending`, and for others that have to wait, until `deadline`.
  net::Task<Verdict<Identified>> identify_waiting(Admitted& admitted, Pending pending, const Clock& clock,
                                                  MonotonicTime deadline) const;

 private:
  struct Held;    // a scheme and its proof
  class Proofs;   // those of one request
  class Answers;  // of the schemes that had to wait

  Verdict<Outcome> identify(Admitted&& admitted, WallTime now, MonotonicTime deadline,
                            const Answers& answers) const;
  Verdict<std::optional<Pending>> look_at(const policy::CredentialPlace& place, Exchange& exchange,
                                          Proofs& proofs, const Answers& answers, WallTime now,
                                          MonotonicTime deadline) const;
  // Makes the principal.
  std::optional<Refusal> choose(Exchange& exchange, const policy::Operation& operation,
                                const Proofs& proofs) const;

  const Schemes& schemes_;
  IdentityPointer anonymous_;
};

}  // namespace gatehouse::gate
