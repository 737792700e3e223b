#include "gate/identify.h"

#include <algorithm>

#include "base/strings.h"
#include "http/cookies.h"
#include "http/query.h"

namespace gatehouse::gate {
namespace {

using policy::Carrier;

bool has_scopes(const Identity& identity, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& scope) {
    return std::find(identity.scopes.begin(), identity.scopes.end(), scope) != identity.scopes.end();
  });
}

// RFC 9110 section 11.4: the scheme's name, without regard to case, and one space.
Verdict<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      !equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return refuse(Reason::credential_malformed);
  }
  return authorization.substr(kScheme.size());
}

}  // namespace

Identifier::Identifier(const policy::PolicySet& policy, const Schemes& schemes)
    : policy_(policy), schemes_(schemes) {
  auto anonymous = std::make_shared<Identity>();
  anonymous->id = "anonymous";
  anonymous->permissions = policy.permissions_of({}, PrincipalKind::anonymous);
  anonymous->permission_patterns = policy.permission_patterns_of({}, PrincipalKind::anonymous);
  anonymous_ = std::move(anonymous);
}

// The credential where the scheme says it travels; empty when nothing is there.
Verdict<std::string_view> Identifier::credential_of(Exchange& exchange,
                                                    const policy::AuthenticatorPolicy& authenticator) const {
  const http::RequestHead& head = exchange.head;
  switch (authenticator.carrier) {
    case Carrier::certificate: return exchange.peer->certificate;
    case Carrier::bearer: {
      const auto authorization = head.fields.value(http::FieldId::authorization);
      if (!authorization) return std::string_view();
      return bearer_token(*authorization);
    }
    case Carrier::header: {
      const http::Fields::Found found = head.fields.find(authenticator.field);
      if (found.count > 1) return refuse(Reason::credential_repeated);
      return found.value;
    }
    case Carrier::query: {
      std::string_view value;
      std::size_t count = 0;
      for (const http::QueryPair pair : http::QueryPairs(head.query)) {
        if (pair.name != authenticator.field) continue;
        value = pair.value;
        ++count;
      }
      if (count > 1) return refuse(Reason::credential_repeated);
      return value;
    }
    case Carrier::cookie: {
      const auto field = head.fields.value(http::FieldId::cookie);
      if (!field) return std::string_view();
      std::string_view value;
      switch (http::find_cookie(*field, authenticator.field, value)) {
        case http::CookieLookup::found: return value;
        case http::CookieLookup::absent: return std::string_view();
        case http::CookieLookup::refused: return refuse(Reason::credential_repeated);
      }
    }
  }
  return refuse(Reason::credential_malformed);
}

const Identity* Identifier::held(std::uint32_t authenticator) const {
  for (const Held& held : held_) {
    if (held.authenticator == authenticator) return held.identity.get();
  }
  return nullptr;
}

// The first scheme's identity; where there are more, with all their roles, scopes and permissions.
std::shared_ptr<const Identity> Identifier::combined(const policy::SchemeAlternative& alternative) const {
  const auto find = [&](std::uint32_t authenticator) -> const std::shared_ptr<const Identity>& {
    return std::find_if(held_.begin(), held_.end(),
                        [&](const Held& held) { return held.authenticator == authenticator; })
        ->identity;
  };
  const std::shared_ptr<const Identity>& first = find(alternative.front().authenticator);
  if (alternative.size() == 1) return first;
  auto all = std::make_shared<Identity>();
  all->id = first->id;
  all->kind = first->kind;
  all->scheme = first->scheme;
  all->credential_id = first->credential_id;
  all->tenant = first->tenant;
  all->authenticated_at = first->authenticated_at;
  all->expires = first->expires;
  all->permissions = first->permissions;
  if (!first->claims.empty()) json::Builder(all->claims).copy(first->claims.root());
  for (const policy::SchemeUse& use : alternative) {
    const Identity& one = *find(use.authenticator);
    all->roles.insert(all->roles.end(), one.roles.begin(), one.roles.end());
    all->scopes.insert(all->scopes.end(), one.scopes.begin(), one.scopes.end());
    all->permission_patterns.insert(all->permission_patterns.end(), one.permission_patterns.begin(),
                                    one.permission_patterns.end());
    all->permissions.insert(one.permissions);
    all->mfa = all->mfa || one.mfa;
    all->expires = std::min(all->expires, one.expires);
  }
  return all;
}

Verdict<Identifier::Outcome> Identifier::identify(Exchange& exchange, const Matched& matched, const Admitted&,
                                                  WallTime now) {
  const policy::Operation& operation = matched.operation();
  held_.clear();

  // Every credential that the operation could use is looked at, and a bad one refuses.
  const auto look = [&](std::uint32_t index) -> Verdict<Scheme*> {
    if (held(index) != nullptr) return nullptr;
    const policy::AuthenticatorPolicy& authenticator = policy_.authenticators[index];
    const auto credential = credential_of(exchange, authenticator);
    if (!credential) return std::unexpected(credential.error());
    if (credential->empty()) return nullptr;
    const Presented presented{*credential, exchange.client, now};
    auto identified = schemes_[index]->identify(presented, exchange.detail);
    if (!identified) return std::unexpected(identified.error());
    if (std::holds_alternative<KeysPending>(*identified)) return schemes_[index].get();
    held_.push_back({index, std::get<std::shared_ptr<const Identity>>(*std::move(identified))});
    return nullptr;
  };
  // Where several schemes of the operation share a place, the one whose form the credential has is asked.
  const auto shares_place = [&](std::uint32_t a, std::uint32_t b) {
    const auto& left = policy_.authenticators[a];
    const auto& right = policy_.authenticators[b];
    return a != b && left.carrier == right.carrier && left.field == right.field;
  };
  std::optional<std::uint32_t> disowned;
  bool owned_elsewhere = false;
  for (const policy::SchemeAlternative& alternative : operation.alternatives) {
    for (const policy::SchemeUse& use : alternative) {
      bool shared = false;
      for (const policy::SchemeAlternative& other : operation.alternatives) {
        for (const policy::SchemeUse& beside : other)
          shared = shared || shares_place(use.authenticator, beside.authenticator);
      }
      if (shared) {
        const auto credential = credential_of(exchange, policy_.authenticators[use.authenticator]);
        if (!credential) return std::unexpected(credential.error());
        if (credential->empty()) continue;
        if (!schemes_[use.authenticator]->owns(*credential)) {
          disowned = use.authenticator;
          continue;
        }
        owned_elsewhere = true;
      }
      const auto pending = look(use.authenticator);
      if (!pending) return std::unexpected(pending.error());
      if (*pending != nullptr) return Outcome(*pending);
    }
  }
  if (disowned && !owned_elsewhere) return refuse(Reason::credential_unknown);

  bool scopes_missing = false;
  for (const policy::SchemeAlternative& alternative : operation.alternatives) {
    if (alternative.empty()) continue;
    const bool proven =
        std::all_of(alternative.begin(), alternative.end(),
                    [&](const policy::SchemeUse& use) { return held(use.authenticator) != nullptr; });
    if (!proven) continue;
    const bool scoped = std::all_of(
        alternative.begin(), alternative.end(),
        [&](const policy::SchemeUse& use) { return has_scopes(*held(use.authenticator), use.scopes); });
    if (scoped) return Outcome(Principal(combined(alternative)));
    scopes_missing = true;
  }
  if (operation.admits_anonymous) return Outcome(Principal(anonymous_));
  if (scopes_missing) return refuse(Reason::scope_missing, operation.permission_rule);
  return refuse(Reason::credential_missing);
}

}  // namespace gatehouse::gate
