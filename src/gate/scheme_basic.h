// HTTP Basic (RFC 7617): an API key as the password. The user says whose it is, by the key's principal or id.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/key_directory.h"
#include "core/scheme.h"
#include "crypto/api_key.h"
#include "gate/scheme_api_key.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {

class BasicScheme final : public Scheme {
 public:
  BasicScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
              std::shared_ptr<KeyDirectory> directory, std::shared_ptr<const crypto::KeyHasher> hasher);

  // `presented.credential` is what stands behind `Basic`.
  Verdict<SchemeResult> identify(const Presented& presented, std::string& why) override;
  bool owns(std::string_view credential) const override;

 private:
  const policy::AuthenticatorPolicy& authenticator_;
  ApiKeyScheme keys_;
};

}  // namespace gatehouse::gate
