// Bearer tokens: JWTs verified by the issuer's published keys (RFC 7519, RFC 8725).
#pragma once

#include <memory>

#include "core/scheme.h"
#include "crypto/jwk.h"
#include "crypto/jwt.h"
#include "crypto/token_cache.h"
#include "gate/identity_builder.h"
#include "gate/revocation.h"
#include "net/loop.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

// Where an issuer's keys come from: a file, or a URL that is fetched in the background. Shared by all
// workers.
class KeySource {
 public:
  virtual ~KeySource() = default;
  // The keys as last read; null as long as there were never any, and when the last good answer is too old.
  // From any thread; takes a lock for a moment.
  virtual std::shared_ptr<const crypto::KeySet> keys() const = 0;
  // Changes together with keys(); requests read it without a lock.
  virtual std::uint64_t version() const = 0;
  // Asks for a fetch because a token names a key that is not known. Whether it is worth waiting for: it is
  // not where the keys at hand are fresh or were just asked for; then they decide.
  enum class Worth : std::uint8_t { waiting, nothing };
  virtual Worth refresh() = 0;
  // Returns when the fetch at hand has ended, or at `deadline`.
  virtual net::Task<void> settled(net::Loop& loop, MonotonicTime deadline) = 0;
};

class JwtScheme final : public Scheme {
 public:
  // `revocations`, which may be null, has the state of the certificates that tokens are bound to.
  // `cache_bytes` bounds this worker's token cache.
  JwtScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
            std::shared_ptr<KeySource> source, std::shared_ptr<RevocationSource> revocations, net::Loop& loop,
            const Clock& clock, std::size_t cache_bytes, std::shared_ptr<crypto::CacheMeter> meter);

  Verdict<SchemeResult> identify(const Presented& presented, std::string& why) override;
  bool owns(std::string_view credential) const override;

 private:
  const crypto::KeySet* current_keys();
  // By the keys at hand; null where a fetch that has begun may bring the key that the token names.
  Verdict<IdentityPointer> identify_now(const Presented& presented, std::string& why);
  net::Task<Waited> identify_with_fetched_keys(Presented presented);
  Verdict<IdentityPointer> identity_of(const crypto::VerifiedToken& token, const Presented& presented,
                                       std::string& why);
  Verdict<void> check_holder(const std::string& bound_to, const Presented& presented, std::string& why) const;

  const policy::AuthenticatorPolicy& authenticator_;
  IdentityBuilder builder_;
  std::shared_ptr<KeySource> source_;
  std::shared_ptr<RevocationSource> revocations_;
  std::shared_ptr<const crypto::KeySet> keys_;  // of source_, at version_
  std::uint64_t version_ = 0;
  net::Loop& loop_;
  const Clock& clock_;
  const policy::JwtSettings& settings_;
  crypto::JwtVerifier verifier_;
  crypto::TokenCache<FinishedIdentity> cache_;
};

}  // namespace gatehouse::gate
