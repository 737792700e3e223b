// Whether a client's certificate was taken back: the lists of `tls.client_crl`, for every listener.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "core/reason.h"
#include "crypto/revocation_list.h"

namespace gatehouse::gate {

// The lists as last read. Shared by all workers.
class RevocationSource {
 public:
  virtual ~RevocationSource() = default;
  // From any thread; takes a lock for a moment.
  virtual std::shared_ptr<const crypto::RevocationLists> lists() const = 0;
  // Changes when lists() does. Without a lock.
  virtual std::uint64_t version() const = 0;
};

struct CertificateFault {
  Reason reason;
  std::string_view why;  // static; for operators
};

// Why the certificate counts no more, or cannot be known to count; nothing where it does. `issuer` and
// `serial` as crypto::PeerCertificate writes them.
std::optional<CertificateFault> revocation_fault(const crypto::RevocationLists& lists,
                                                 std::string_view issuer, std::string_view serial,
                                                 WallTime now);

}  // namespace gatehouse::gate
