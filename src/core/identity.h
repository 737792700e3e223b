// Who was proven. An Identity is what a scheme makes of a credential, and may be remembered for as long as
// the credential holds; a Principal is the proof that *this* request was identified, and only the identify
// gate can make one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "json/document.h"

namespace gatehouse {

// A set of small numbers, fixed in size when the policy was compiled: the permissions a caller holds.
class PermissionSet {
 public:
  PermissionSet() = default;
  explicit PermissionSet(std::size_t size) : words_((size + 63) / 64) {}
  void insert(std::size_t index) { words_[index / 64] |= std::uint64_t{1} << (index % 64); }
  void insert(const PermissionSet& others) {
    for (std::size_t i = 0; i < words_.size() && i < others.words_.size(); ++i) words_[i] |= others.words_[i];
  }
  // An index outside the set is not in it: a default-made set permits nothing.
  bool contains(std::size_t index) const {
    return index / 64 < words_.size() && ((words_[index / 64] >> (index % 64)) & 1U) != 0;
  }

 private:
  std::vector<std::uint64_t> words_;
};

enum class PrincipalKind : std::uint8_t { anonymous, key, token, certificate };
std::string_view name(PrincipalKind kind);

struct Identity {
  std::string id;  // stable and unique over all schemes: "partner:acme", the token's subject, …
  PrincipalKind kind = PrincipalKind::anonymous;
  std::string scheme;         // the securityScheme's name
  std::string credential_id;  // what can be revoked: the key's id, the token's jti, the certificate's serial
  std::string tenant;
  std::vector<std::string>
      roles;  // those the policy knows; `anonymous`/`authenticated` are implied, not listed
  std::vector<std::string> scopes;
  std::vector<std::string> permission_patterns;  // what the roles grant, as the configuration writes it
  json::Document claims;                         // an object, or empty
  PermissionSet permissions;  // all that the roles grant, under the policy that made this identity
  bool mfa = false;           // proven with more than one factor (RFC 8176: `amr` has "mfa")
  WallTime authenticated_at{};
  WallTime expires = WallTime::max();
};

namespace gate {
class Identifier;
}

class Principal {
 public:
  const Identity& identity() const { return *identity_; }
  const Identity* operator->() const { return identity_.get(); }
  bool is_anonymous() const { return identity_->kind == PrincipalKind::anonymous; }

 private:
  friend class gate::Identifier;
  explicit Principal(std::shared_ptr<const Identity> identity) : identity_(std::move(identity)) {}
  std::shared_ptr<const Identity> identity_;
};

}  // namespace gatehouse
