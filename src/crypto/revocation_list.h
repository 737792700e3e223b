// Certificate revocation lists (RFC 5280 section 5): which certificates their authority has taken back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/text_map.h"

namespace gatehouse::crypto {

// The lists of one file. Immutable, and safe to share between threads.
class RevocationLists {
 public:
  // PEM, one list or several. Each must be signed by one of the authorities (PEM), which is also the issuer
  // of the certificates that it speaks of; a list with a critical extension (a partial, an indirect or a
  // delta list) is refused, because its silence would not mean that a certificate is good. `invalid` with the
  // reason.
  static Result<RevocationLists> parse(std::string_view pem, std::string_view authorities_pem);

  enum class State : std::uint8_t {
    good,
    revoked,
    not_covered,  // the issuer has no list here
    outdated,     // its list is past `nextUpdate`: what was revoked since is not known
  };
  // `issuer` and `serial` as PeerCertificate writes them.
  State state_of(std::string_view issuer, std::string_view serial, WallTime now) const;
  bool covers(std::string_view issuer) const { return lists_.contains(issuer); }
  // Differs for every file that was read in this process: what a cache compares.
  std::uint64_t generation() const { return generation_; }

 private:
  struct List {
    TextSet serials;
    WallTime next_update = WallTime::max();  // a list that does not say holds until the next one
  };
  RevocationLists() = default;
  TextMap<List> lists_;  // by issuer
  std::uint64_t generation_ = 0;
};

}  // namespace gatehouse::crypto
