// API keys: found by their id, proven by a keyed hash in constant time.
#pragma once

#include <memory>

#include "base/text_map.h"
#include "core/key_directory.h"
#include "core/scheme.h"
#include "crypto/api_key.h"
#include "gate/identity_builder.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class ApiKeyScheme final : public Scheme {
 public:
  ApiKeyScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
               std::shared_ptr<KeyDirectory> directory, std::shared_ptr<const crypto::KeyHasher> hasher);

  Verdict<SchemeResult> identify(const Presented& presented, std::string& why) override;
  bool owns(std::string_view credential) const override;

 private:
  // The key that the text is, or null. A missing key costs the same hash as an existing one: the time reveals
  // nothing. `malformed`: the text has no form of a key.
  struct Looked {
    const StoredKey* key = nullptr;
    bool malformed = false;
  };
  Looked look_up(std::string_view credential, const KeySnapshot& snapshot) const;
  bool takes(const StoredKey& key) const;
  Verdict<IdentityPointer> identity_of(const StoredKey& key, std::string& why);

  const policy::PolicySet& policy_;
  const policy::AuthenticatorPolicy& authenticator_;
  IdentityBuilder builder_;
  mutable KeyView keys_;
  std::shared_ptr<const crypto::KeyHasher> hasher_;
  // The identities of keys, under the snapshot of that generation. Only keys that the operator made are here.
  TextMap<IdentityPointer> identities_;
  std::uint64_t generation_ = 0;
};

}  // namespace gatehouse::gate
