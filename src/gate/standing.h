// The end of a credential while its request waits, for each kind (core/identity.h). `rule` is the
// authenticator's name, which lives as long as the policy.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/identity.h"
#include "core/key_directory.h"
#include "crypto/jwt.h"
#include "gate/revocation.h"
#include "gate/scheme_jwt.h"

namespace gatehouse::gate {

// Refuses a key that has ended.
Verdict<void> key_in_force(const StoredKey& key, WallTime now, std::string_view rule);

// Of `key` as it stood in the snapshot of that generation. One that says something else by now, such as other
// roles, has ended too.
std::shared_ptr<const Standing> standing_of_key(std::shared_ptr<const KeyDirectory> directory, StoredKey key,
                                                std::uint64_t generation, std::string_view rule);

// Of a token that was verified by the keys that `source` had at `version`. It ends with its date, and when
// the source has the key that verified it no more.
std::shared_ptr<const Standing> standing_of_token(std::shared_ptr<KeySource> source, std::uint64_t version,
                                                  const crypto::VerifiedToken& token, std::string_view rule);

// `revocations` may be null: only its date ends the certificate. `issuer` and `serial` as
// crypto::PeerCertificate writes them.
std::shared_ptr<const Standing> standing_of_certificate(std::shared_ptr<RevocationSource> revocations,
                                                        std::string_view issuer, std::string_view serial,
                                                        WallTime expires, std::string_view rule);

// Both must hold.
std::shared_ptr<const Standing> standing_of_both(std::shared_ptr<const Standing> one,
                                                 std::shared_ptr<const Standing> other);

}  // namespace gatehouse::gate
