// API keys: found by their id, proven by a keyed hash in constant time.
#pragma once

#include <memory>

#include "base/text_map.h"
#include "core/key_directory.h"
#include "core/scheme.h"
#include "crypto/api_key.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class ApiKeyScheme final : public Scheme {
 public:
  ApiKeyScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
               std::shared_ptr<KeyDirectory> directory, std::shared_ptr<const crypto::KeyHasher> hasher);

  Verdict<Identified> identify(const Presented& presented, std::string& why) override;
  bool owns(std::string_view credential) const override { return credential.starts_with("gh_"); }
  net::Task<void> settled(MonotonicTime) override { co_return; }

 private:
  std::shared_ptr<const Identity> identity_of(const StoredKey& key);

  const policy::PolicySet& policy_;
  const policy::AuthenticatorPolicy& authenticator_;
  std::shared_ptr<KeyDirectory> directory_;
  std::shared_ptr<const crypto::KeyHasher> hasher_;
  // What keys stand for, under the snapshot of that generation.
  TextMap<std::shared_ptr<const Identity>> identities_;
  std::uint64_t generation_ = 0;
};

}  // namespace gatehouse::gate
