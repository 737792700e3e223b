#include "gate/scheme_api_key.h"

#include <algorithm>

namespace gatehouse::gate {
namespace {

constexpr std::size_t kRememberedKeys = 16'384;

}  // namespace

ApiKeyScheme::ApiKeyScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                           std::shared_ptr<KeyDirectory> directory,
                           std::shared_ptr<const crypto::KeyHasher> hasher)
    : policy_(policy),
      authenticator_(authenticator),
      directory_(std::move(directory)),
      hasher_(std::move(hasher)) {}

Verdict<Identified> ApiKeyScheme::identify(const Presented& presented, std::string& why) {
  const auto refused = [&](Reason reason) { return refuse(reason, authenticator_.name); };
  const auto parsed = crypto::ApiKey::parse(presented.credential);
  if (!parsed) return refused(Reason::credential_malformed);
  const std::shared_ptr<const KeySnapshot> snapshot = directory_->snapshot();
  const StoredKey* key = snapshot->find(parsed->id());
  // A key that is not there costs the same hash as one that is: the time tells nothing.
  static const StoredKey kNobody;
  const bool matches = hasher_->matches(*parsed, (key != nullptr ? *key : kNobody).hash);
  if (key == nullptr || !matches) return refused(Reason::credential_unknown);
  why = "key " + key->id;
  if (presented.now >= key->revoked) return refused(Reason::credential_revoked);
  if (presented.now >= key->expires) return refused(Reason::credential_expired);
  const bool from_here = key->addresses.empty() || std::any_of(key->addresses.begin(), key->addresses.end(),
                                                               [&](const IpNetwork& network) {
                                                                 return network.contains(presented.client);
                                                               });
  if (!from_here) return refused(Reason::credential_address);
  why.clear();
  directory_->used(key->id, presented.now);

  if (generation_ != snapshot->generation() || identities_.size() >= kRememberedKeys) {
    identities_.clear();
    generation_ = snapshot->generation();
  }
  const auto known = identities_.find(parsed->id());
  if (known != identities_.end()) return Identified(known->second);
  return Identified(identities_.emplace(key->id, identity_of(*key)).first->second);
}

std::shared_ptr<const Identity> ApiKeyScheme::identity_of(const StoredKey& key) {
  auto identity = std::make_shared<Identity>();
  identity->kind = PrincipalKind::key;
  identity->id = key.principal;
  identity->scheme = authenticator_.name;
  identity->credential_id = key.id;
  identity->tenant = key.tenant;
  for (const std::string& role : key.roles) {
    if (policy_.has_role(role)) identity->roles.push_back(role);
  }
  identity->scopes = key.scopes;
  identity->authenticated_at = key.created;
  identity->expires = std::min(key.expires, key.revoked);
  identity->permissions = policy_.permissions_of(identity->roles, PrincipalKind::key);
  identity->permission_patterns = policy_.permission_patterns_of(identity->roles, PrincipalKind::key);
  return identity;
}

}  // namespace gatehouse::gate
