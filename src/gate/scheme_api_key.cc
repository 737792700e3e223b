#include "gate/scheme_api_key.h"

#include <algorithm>
#include <string_view>

#include "base/secret.h"
#include "crypto/hash.h"
#include "gate/standing.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kRememberedKeys = 16'384;

}  // namespace

ApiKeyScheme::ApiKeyScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                           std::shared_ptr<KeyDirectory> directory,
                           std::shared_ptr<const crypto::KeyHasher> hasher)
    : policy_(policy),
      authenticator_(authenticator),
      builder_(policy, authenticator),
      keys_(std::move(directory)),
      hasher_(std::move(hasher)) {}

bool ApiKeyScheme::takes(const StoredKey& key) const {
  if (key.authenticators.empty()) return policy_.only_key_authenticator();
  return std::ranges::find(key.authenticators, authenticator_.name) != key.authenticators.end();
}

// A key of another authenticator is not this one's, and neither is another text.
bool ApiKeyScheme::owns(std::string_view credential) const {
  const auto parsed = crypto::ApiKey::parse(credential);
  const KeySnapshot& snapshot = keys_.now();
  if (!parsed) {
    const StoredKey* const imported = look_up(credential, snapshot).key;
    return imported != nullptr ? takes(*imported) : credential.starts_with("gh_");
  }
  const StoredKey* const key = snapshot.find(parsed->id());
  return key == nullptr || takes(*key);
}

ApiKeyScheme::Looked ApiKeyScheme::look_up(std::string_view credential, const KeySnapshot& snapshot) const {
  static const StoredKey kNoKey;
  if (const auto parsed = crypto::ApiKey::parse(credential)) {
    const StoredKey* const key = snapshot.find(parsed->id());
    const bool matches = hasher_->matches(*parsed, (key != nullptr ? *key : kNoKey).hash);
    return {key != nullptr && matches ? key : nullptr};
  }
  if (!snapshot.has_imported()) return {nullptr, true};
  const crypto::Digest256 hash = hasher_->hash_imported(crypto::sha256(credential));
  const StoredKey* const key = snapshot.find(crypto::imported_key_id(hash));
  if (key == nullptr) return {nullptr, true};
  const auto bytes = [](const crypto::Digest256& one) {
    return std::string_view(reinterpret_cast<const char*>(one.data()), one.size());
  };
  return {equal_in_constant_time(bytes(hash), bytes(key->hash)) ? key : nullptr};
}

Verdict<SchemeResult> ApiKeyScheme::identify(const Presented& presented, std::string& why) {
  const auto refused = [&](Reason reason) { return refuse(reason, authenticator_.name); };
  const KeySnapshot& snapshot = keys_.now();
  const Looked looked = look_up(presented.credential, snapshot);
  if (looked.malformed) return refused(Reason::credential_malformed);
  const StoredKey* const key = looked.key;
  if (key == nullptr) return refused(Reason::credential_unknown);
  why = "key " + key->id;
  if (!takes(*key)) {
    why += key->authenticators.empty() ? " names no authenticator, and the configuration has several for keys"
                                       : " belongs to another authenticator";
    return refused(Reason::credential_unknown);
  }
  if (auto holds = key_in_force(*key, presented.now, authenticator_.name); !holds) {
    return std::unexpected(holds.error());
  }
  const bool from_here = key->addresses.empty() || std::any_of(key->addresses.begin(), key->addresses.end(),
                                                               [&](const IpNetwork& network) {
                                                                 return network.contains(presented.client);
                                                               });
  if (!from_here) return refused(Reason::credential_address);
  why.clear();
  snapshot.used(*key, presented.now);

  if (generation_ != snapshot.generation() || identities_.size() >= kRememberedKeys) {
    identities_.clear();
    generation_ = snapshot.generation();
  }
  const auto known = identities_.find(key->id);
  if (known != identities_.end()) return SchemeResult(known->second);
  auto identity = identity_of(*key, why);
  if (!identity) return std::unexpected(identity.error());
  return SchemeResult(identities_.emplace(key->id, *std::move(identity)).first->second);
}

Verdict<IdentityPointer> ApiKeyScheme::identity_of(const StoredKey& key, std::string& why) {
  Identity identity = builder_.begin(PrincipalKind::key);
  identity.id = key.principal;
  identity.credential_id = key.id;
  identity.credential_key = key.id;
  identity.tenant = key.tenant;
  identity.roles = key.roles;
  identity.scopes = key.scopes;
  identity.authenticated_at = key.created;
  identity.expires = std::min(key.expires, key.overlap_ends);
  identity.standing = standing_of_key(keys_.directory(), key, generation_, authenticator_.name);
  return builder_.finish(std::move(identity), why);
}

}  // namespace gatehouse::gate
