#include "gate/identity_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "core/secret_forms.h"
#include "crypto/hash.h"
#include "gate/activation.h"

namespace gatehouse::gate {
namespace {

// A token's issuer may put a credential into `sub` or `jti`: records distinguish such callers by a digest.
// Empty if the text can be recorded as it is.
std::string recorded(const std::string& text) {
  return holds_credential(text) ? "sha256:" + hex(crypto::sha256(text)) : std::string();
}

}  // namespace

Identity IdentityBuilder::begin(PrincipalKind kind) const {
  Identity identity;
  identity.kind = kind;
  identity.authenticator = authenticator_.index;
  identity.scheme = authenticator_.name;
  return identity;
}

Verdict<void> IdentityBuilder::read_claims(Identity& identity, std::string& why) {
  const json::Value claims = identity.claims.root();
  const auto failed = [&](std::string_view what, std::string_view wanted) {
    why = fmt::format("{}: the expression gives no {} for this credential", what, wanted);
    return refused();
  };
  const auto read = [&](const std::optional<cel::Program>& program, std::string& into) {
    return !program || read_text(*program, claims, scratch_, into) != Claim::unreadable;
  };
  const auto read_list = [&](const std::optional<cel::Program>& program, Words words,
                             std::vector<std::string>& into) {
    return !program || read_texts(*program, claims, words, scratch_, into) != Claim::unreadable;
  };
  if (!read(authenticator_.id, identity.id)) return failed("id", "text");
  if (!read_list(authenticator_.roles, Words::whole, identity.roles)) return failed("roles", "list of texts");
  if (!read_list(authenticator_.scopes, Words::split, identity.scopes)) {
    return failed("scopes", "list of texts");
  }
  if (!read(authenticator_.tenant, identity.tenant)) return failed("tenant", "text");
  return {};
}

Verdict<IdentityPointer> IdentityBuilder::finish(Identity identity, std::string& why) const {
  if (identity.id.empty()) {
    why = "the credential gives no id";
    return refused();
  }
  // The operator writes the principals of keys as a whole; ids of other sources get the prefix in front.
  const std::string& prefix = authenticator_.settings->prefix.value;
  if (identity.kind != PrincipalKind::key) {
    identity.id.insert(0, prefix);
  } else if (!identity.id.starts_with(prefix)) {
    why = fmt::format("the key's principal `{}` does not begin with `{}`, the authenticator's prefix",
                      identity.id, prefix);
    return refused();
  }
  if (identity.id.size() > kLongestId) {
    why = fmt::format("the credential gives an id of more than {} bytes", kLongestId);
    return refused();
  }
  if (is_reserved_id(identity.id)) {
    why = fmt::format("`{}` is a reserved name of Gatehouse", identity.id);
    return refused();
  }
  for (const std::string& foreign : authenticator_.foreign_prefixes) {
    if (!identity.id.starts_with(foreign)) continue;
    why = fmt::format("`{}` begins with `{}`, the prefix of another authenticator", identity.id, foreign);
    return refused();
  }
  // The built-in roles come from being proven or not, never from a credential that claims them.
  std::erase_if(identity.roles, [&](const std::string& role) {
    return role == "anonymous" || role == "authenticated" || !policy_.has_role(role);
  });
  identity.recorded_id = recorded(identity.id);
  identity.recorded_credential_id = recorded(identity.credential_id);
  identity.permissions = policy_.permissions_of(identity.roles, identity.kind);
  identity.permission_patterns = policy_.permission_patterns_of(identity.roles, identity.kind);
  return std::make_shared<const FinishedIdentity>(std::move(identity));
}

}  // namespace gatehouse::gate
