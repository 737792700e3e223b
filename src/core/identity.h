// The proven caller. A scheme makes an Identity from a credential; it may be cached while the credential is
// valid. A Principal is the proof that *this* request was identified, and only the identify gate can make
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "core/verdict.h"
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

// The id of a caller without credentials. No credential can give it to its holder (is_reserved_id).
inline constexpr std::string_view kAnonymous = "anonymous";
// A principal's id has at most so many bytes: the record names it whole.
inline constexpr std::size_t kLongestId = 1024;
// Whether `id` reads as a reserved name of Gatehouse: `anonymous`, `authenticated`, `gatehouse`, in any case,
// and with blanks or invisible characters before, in or after it.
bool is_reserved_id(std::string_view id);

// The conditions of a valid credential: the key may be revoked, the issuer may withdraw the key that signed
// it, the authority may revoke the certificate. Shared with threads that outlive the request.
class Standing {
 public:
  virtual ~Standing() = default;
  // Refuses a credential that has ended, or of which that cannot be known. From any thread, without waiting.
  virtual Verdict<void> in_force(WallTime now) const = 0;
};

// An attribute that has no value is absent: conditions fail on it, statements see NULL.
struct Identity {
  // Stable, and unique over all authenticators of the policy: "partner:acme", the token's subject, …
  std::string id;
  PrincipalKind kind = PrincipalKind::anonymous;
  std::uint32_t authenticator = 0;  // in PolicySet::authenticators; means nothing for `anonymous`
  std::string scheme;               // the securityScheme's name; empty: absent
  std::string issuer;               // the token's `iss`, the certificate's issuer (RFC 4514); empty: absent
  // The id for revocation: the key's id, the token's jti, the certificate's fingerprint; empty: absent.
  std::string credential_id;
  // How records name it where `id`, or `credential_id`, has the form of a credential itself; empty elsewhere.
  std::string recorded_id, recorded_credential_id;
  std::string credential_key;  // distinguishes credentials of one scheme, also those without an id
  // The certificate whose holder alone may use the token (RFC 8705 section 3): its fingerprint; empty: none.
  std::string bound_to;
  std::string tenant;  // empty: absent
  std::vector<std::string>
      roles;  // those the policy knows; `anonymous`/`authenticated` are implied, not listed
  std::vector<std::string> scopes;
  // the permissions that the roles grant, as the configuration writes them
  std::vector<std::string> permission_patterns;
  json::Document claims;      // an object, or empty
  PermissionSet permissions;  // all that the roles grant, under the policy that made this identity
  bool mfa = false;           // proven with more than one factor (RFC 8176: `amr` has "mfa")
  // When its holder was proven. Absent where the credential does not say it; of a certificate it is the
  // handshake's, which Principal knows.
  std::optional<WallTime> authenticated_at;
  WallTime expires = WallTime::max();
  std::shared_ptr<const Standing> standing;  // null: nothing ends it (`anonymous`)
};

// An immutable identity, with the values that each of its requests needs, made once.
class FinishedIdentity : public Identity {
 public:
  explicit FinishedIdentity(Identity identity);
  // The lines that name the caller to an upstream. None for `anonymous`, because a principal could have that
  // name.
  const std::string& upstream_fields() const { return upstream_fields_; }
  // caller_hash() of it.
  std::uint64_t hash() const { return hash_; }

 private:
  std::string upstream_fields_;
  std::uint64_t hash_;
};

// In a header an id is percent-encoded where it is not visible ASCII: it may hold any text.
void append_encoded(std::string& out, std::string_view text);

// The approximate size of the identity in bytes, with its claims: the bound of a cache counts it.
std::size_t memory_of(const FinishedIdentity& identity);

namespace gate {
class Identifier;
}

using IdentityPointer = std::shared_ptr<const FinishedIdentity>;

// Of the connection on which a client showed its certificate.
struct Handshake {
  WallTime ended{};
  // When the first certificate of the chain ends that the handshake verified, the root's included.
  WallTime chain_ends = WallTime::max();
};

class Principal {
 public:
  // Of the acting principal: the only scheme's, or the one that the configuration names with `principal`.
  const FinishedIdentity& identity() const { return *identity_; }
  const FinishedIdentity* operator->() const { return identity_.get(); }
  bool is_anonymous() const { return identity_->kind == PrincipalKind::anonymous; }
  // The other principals that the operation's security requires. Nothing of them is mixed into identity().
  std::span<const IdentityPointer> beside() const { return beside_; }
  // When the holder of `one`, which is identity() or beside it, was proven.
  std::optional<WallTime> authenticated_at(const Identity& one) const {
    if (one.kind != PrincipalKind::certificate) return one.authenticated_at;
    return handshake_ ? std::optional(handshake_->ended) : std::nullopt;
  }
  // Whether every credential that proved it is still valid. A request that has waited (for an object, a
  // connection, a thread, the database's one writer) asks again before it acts. From any thread, without
  // waiting.
  Verdict<void> in_force(WallTime now) const;

 private:
  friend class gate::Identifier;
  Principal(IdentityPointer identity, std::vector<IdentityPointer> beside, std::optional<Handshake> handshake)
      : identity_(std::move(identity)), beside_(std::move(beside)), handshake_(handshake) {}
  IdentityPointer identity_;
  std::vector<IdentityPointer> beside_;
  std::optional<Handshake> handshake_;
};

}  // namespace gatehouse
