// Certificate revocation lists (RFC 5280 section 5): which certificates their authority has taken back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/text_map.h"

namespace gatehouse::crypto {

// The lists of one file. Immutable, and safe to share between threads.
class RevocationLists {
 public:
  // PEM, one list or several: of each authority (PEM), those in between and the roots, exactly one, signed by
  // its key. A list with a critical extension (a partial, an indirect or a delta list) is refused, because
  // its silence would not mean that a certificate is good. `invalid` with the reason.
  static Result<RevocationLists> parse(std::string_view pem, std::string_view authorities_pem);

  enum class State : std::uint8_t {
    good,
    revoked,      // or an authority above it is
    not_covered,  // the issuer is not one of the authorities
    outdated,     // a list is past `nextUpdate`: later revocations are unknown
  };
  // Of the certificate and of every authority above it, up to the root. `issuer` and `serial` as
  // PeerCertificate writes them. Authorities of one name count as one, however they write it: a serial number
  // is unique per name (RFC 5280 section 4.1.2.2).
  State state_of(std::string_view issuer, std::string_view serial, WallTime now) const;
  // Differs for every file that was read in this process: caches compare it.
  std::uint64_t generation() const { return generation_; }

 private:
  class Reader;
  // Of the authorities of one name.
  struct Authority {
    TextSet serials;                         // that they have taken back
    WallTime next_update = WallTime::max();  // a list that does not say holds until the next one
    WallTime all_updated = WallTime::max();  // the same, of the authorities above too
    bool taken_back = false;                 // one of them, or one above
  };
  RevocationLists() = default;
  // By the canonical name, and by the name as each of the authorities writes it: most certificates are found
  // without making the canonical name of their issuer.
  TextMap<std::shared_ptr<Authority>> authorities_;
  std::uint64_t generation_ = 0;
};

}  // namespace gatehouse::crypto
