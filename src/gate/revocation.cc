#include "gate/revocation.h"

namespace gatehouse::gate {

std::optional<CertificateFault> revocation_fault(const crypto::RevocationLists& lists,
                                                 std::string_view issuer, std::string_view serial,
                                                 WallTime now) {
  using State = crypto::RevocationLists::State;
  switch (lists.state_of(issuer, serial, now)) {
    case State::good: return std::nullopt;
    case State::revoked:
      return CertificateFault{Reason::credential_revoked,
                              "the certificate, or an authority between it and the root, is in the "
                              "revocation list of its issuer"};
    case State::not_covered:
      return CertificateFault{Reason::keys_unavailable,
                              "tls.client_crl has no list of the certificate's issuer"};
    case State::outdated:
      return CertificateFault{Reason::keys_unavailable,
                              "the revocation list of the certificate's issuer, or of an authority above it, "
                              "is past its nextUpdate"};
  }
  return CertificateFault{Reason::keys_unavailable, {}};
}

}  // namespace gatehouse::gate
