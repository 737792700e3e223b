#include "gate/identify.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "crypto/token_cache.h"
#include "http/cookies.h"
#include "http/query.h"

namespace gatehouse::gate {
namespace {

using policy::AuthorizationForm;
using policy::Carrier;

// The first of the wanted scopes that the identity does not have; null where it has all.
const std::string* missing_scope(const Identity& identity, const std::vector<std::string>& wanted) {
  const auto missing = std::ranges::find_if(wanted, [&](const std::string& scope) {
    return std::ranges::find(identity.scopes, scope) == identity.scopes.end();
  });
  return missing == wanted.end() ? nullptr : &*missing;
}

struct Shown {
  std::string_view credential;  // empty: nothing is there
  AuthorizationForm form = AuthorizationForm::bare;
  std::string_view scheme = {};  // of the form `named`: its name
};

// RFC 9110 section 11.4: the scheme's name, without regard to case, and one space or more.
Verdict<Shown> read_authorization(std::string_view value) {
  if (value.empty()) return refuse(Reason::credential_malformed);
  const auto space = value.find(' ');
  if (space == std::string_view::npos) return Shown{value, AuthorizationForm::bare};
  const std::string_view scheme = value.substr(0, space);
  const std::string_view credential = value.substr(value.find_first_not_of(' ', space));
  if (equal_ignoring_case(scheme, "bearer")) return Shown{credential, AuthorizationForm::bearer};
  if (equal_ignoring_case(scheme, "basic")) return Shown{credential, AuthorizationForm::basic};
  return Shown{credential, AuthorizationForm::named, scheme};
}

// The credential that travels there.
Verdict<Shown> credential_at(const policy::CredentialPlace& place, const Exchange& exchange) {
  const http::RequestHead& head = exchange.head;
  switch (place.carrier) {
    case Carrier::certificate: return Shown{exchange.peer->certificate};
    case Carrier::bearer: {
      const auto authorization = head.fields.value(http::FieldId::authorization);
      if (!authorization) return Shown();
      return read_authorization(*authorization);
    }
    case Carrier::header: {
      const http::Fields::Found found = head.fields.find(place.field);
      if (found.count > 1) return refuse(Reason::credential_repeated);
      return Shown{found.value};
    }
    case Carrier::query: {
      std::string_view value;
      std::size_t count = 0;
      for (const http::QueryPair pair : http::QueryPairs(head.query)) {
        if (pair.name != place.field) continue;
        value = pair.value;
        ++count;
      }
      if (count > 1) return refuse(Reason::credential_repeated);
      return Shown{value};
    }
    case Carrier::cookie: {
      const auto field = head.fields.value(http::FieldId::cookie);
      if (!field) return Shown();
      std::string_view value;
      switch (http::find_cookie(*field, place.field, value)) {
        case http::CookieLookup::found: return Shown{value};
        case http::CookieLookup::absent: return Shown();
        case http::CookieLookup::refused: return refuse(Reason::credential_repeated);
      }
    }
  }
  return refuse(Reason::credential_malformed);
}

}  // namespace

struct Identifier::Held {
  std::uint32_t authenticator;
  const FinishedIdentity* identity;  // one of exchange.proven
  // The part of the credential that has only one spelling: of a token the signed part, because its signature
  // may have a second valid form; of a key its id, because a user may stand before it.
  std::string_view proof;
};

class Identifier::Proofs {
 public:
  void add(std::uint32_t authenticator, const FinishedIdentity& identity, std::string_view credential) {
    const std::string_view proof = identity.kind == PrincipalKind::token ? crypto::signed_part(credential)
                                   : identity.kind == PrincipalKind::key
                                       ? std::string_view(identity.credential_key)
                                       : credential;
    list_[count_++] = {authenticator, &identity, proof};
  }
  const Held* find(std::uint32_t authenticator) const {
    const auto found =
        std::ranges::find_if(all(), [&](const Held& one) { return one.authenticator == authenticator; });
    return found == all().end() ? nullptr : &*found;
  }
  std::span<const Held> all() const { return std::span(list_).first(count_); }

  // Whether every scheme of the alternative has been proven, and no two of them by one credential.
  enum class Met : std::uint8_t { yes, no, twice_by_one };
  Met meet(const policy::SchemeAlternative& alternative) const {
    Met met = Met::yes;
    for (auto use = alternative.begin(); use != alternative.end(); ++use) {
      const Held* const one = find(use->authenticator);
      if (one == nullptr) return Met::no;
      for (auto before = alternative.begin(); before != use; ++before) {
        if (find(before->authenticator)->proof == one->proof) met = Met::twice_by_one;
      }
    }
    return met;
  }

 private:
  std::array<Held, policy::kMostSchemes> list_;  // each authenticator has one place, and is asked once
  std::size_t count_ = 0;
};

// Of one request: the result of each scheme is kept, so that none waits twice.
class Identifier::Answers {
 public:
  void add(std::uint32_t authenticator, Waited answer) {
    list_.emplace_back(authenticator, std::move(answer));
  }
  const Waited* find(std::uint32_t authenticator) const {
    const auto found = std::ranges::find(list_, authenticator, &Answer::first);
    return found == list_.end() ? nullptr : &found->second;
  }

 private:
  using Answer = std::pair<std::uint32_t, Waited>;
  std::vector<Answer> list_;
};

Identifier::Identifier(const policy::PolicySet& policy, const Schemes& schemes) : schemes_(schemes) {
  Identity anonymous;
  anonymous.id = kAnonymous;
  anonymous.permissions = policy.permissions_of({}, PrincipalKind::anonymous);
  anonymous.permission_patterns = policy.permission_patterns_of({}, PrincipalKind::anonymous);
  anonymous_ = std::make_shared<const FinishedIdentity>(std::move(anonymous));
}

// A text in a carrier is a credential of one of its schemes, or the request is refused. If several schemes
// share the carrier, those that may own the credential are asked, and one that accepts it is enough.
Verdict<std::optional<Identifier::Pending>> Identifier::look_at(const policy::CredentialPlace& place,
                                                                Exchange& exchange, Proofs& proofs,
                                                                const Answers& answers, WallTime now,
                                                                MonotonicTime deadline) const {
  const auto shown = credential_at(place, exchange);
  if (!shown) return std::unexpected(shown.error());
  const std::string_view credential = shown->credential;
  if (credential.empty()) return std::nullopt;
  const auto takes_form = [&](std::uint32_t index) {
    const policy::AuthenticatorPolicy& authenticator = exchange.policy->authenticators[index];
    if (place.carrier != Carrier::bearer) return true;
    if (std::ranges::find(authenticator.forms, shown->form) == authenticator.forms.end()) return false;
    return shown->form != AuthorizationForm::named ||
           equal_ignoring_case(shown->scheme, authenticator.settings->auth_scheme->value);
  };
  const auto candidates = std::ranges::count_if(place.authenticators, takes_form);
  if (candidates == 0) return refuse(Reason::credential_malformed);
  Refusal refusal(Reason::credential_unknown);
  bool asked = false, taken = false;
  std::string why, detail;
  const auto& handshake = exchange.peer->handshake;
  const WallTime chain_ends = handshake ? handshake->chain_ends : WallTime::max();
  for (const std::uint32_t index : place.authenticators) {
    Scheme& scheme = *schemes_[index];
    if (!takes_form(index) || (candidates > 1 && !scheme.owns(credential))) continue;
    Verdict<SchemeResult> said = IdentityPointer();
    if (const Waited* const answer = answers.find(index)) {
      why = answer->why;
      said = answer->identity;
    } else {
      said = scheme.identify(
          {credential, exchange.client, now, deadline, exchange.peer->certificate, chain_ends}, why);
    }
    if (!said) {
      if (!asked) {
        refusal = said.error();
        detail = why;
      }
      asked = true;
      continue;
    }
    if (auto* const task = std::get_if<net::Task<Waited>>(&*said)) return Pending{index, std::move(*task)};
    exchange.proven.push_back(std::get<IdentityPointer>(*std::move(said)));
    proofs.add(index, *exchange.proven.back(), credential);
    taken = asked = true;
  }
  if (!taken) {
    if (exchange.detail.empty()) exchange.detail = detail;
    return std::unexpected(refusal);
  }
  return std::nullopt;
}

std::optional<Refusal> Identifier::choose(Exchange& exchange, const policy::Operation& operation,
                                          const Proofs& proofs) const {
  const policy::SchemeAlternative* lacking = nullptr;
  const std::string* scope = nullptr;
  bool twice = false;
  for (const policy::SchemeAlternative& alternative : operation.alternatives) {
    if (alternative.empty()) continue;
    const Proofs::Met met = proofs.meet(alternative);
    twice = twice || met == Proofs::Met::twice_by_one;
    if (met != Proofs::Met::yes) continue;
    const std::string* missing = nullptr;
    for (const policy::SchemeUse& use : alternative) {
      if (missing == nullptr) missing = missing_scope(*proofs.find(use.authenticator)->identity, use.scopes);
    }
    // The acting principal's scheme is the first of an alternative.
    const auto proven = [&](const policy::SchemeUse& use) {
      return std::ranges::find(exchange.proven, proofs.find(use.authenticator)->identity,
                               &IdentityPointer::get);
    };
    if (missing != nullptr) {
      if (lacking == nullptr) {
        lacking = &alternative;
        scope = missing;
        std::swap(*proven(alternative.front()), exchange.proven.front());
      }
      continue;
    }
    std::swap(*proven(alternative.front()), exchange.proven.front());
    std::vector<IdentityPointer> beside;
    for (const policy::SchemeUse& use : std::span(alternative).subspan(1)) {
      beside.push_back(*proven(use));
    }
    exchange.checked.principal_ =
        Principal(exchange.proven.front(), std::move(beside), exchange.peer->handshake);
    return std::nullopt;
  }
  if (lacking != nullptr) exchange.detail = "the scope `" + *scope + "` is missing";
  if (operation.admits_anonymous) {
    if (lacking != nullptr) exchange.detail += ", so the caller counts as anonymous";
    exchange.checked.principal_ = Principal(anonymous_, {}, std::nullopt);
    return std::nullopt;
  }
  if (lacking != nullptr) return Refusal(Reason::scope_missing, operation.permission_rule);
  if (twice) {
    exchange.detail = "one credential is one proof: the operation requires several";
  } else if (!exchange.proven.empty()) {
    exchange.detail = "the operation requires another credential together with this one";
  }
  return Refusal(Reason::credential_missing);
}

Verdict<Identifier::Outcome> Identifier::identify(Admitted&& admitted, WallTime now,
                                                  MonotonicTime deadline) const {
  return identify(std::move(admitted), now, deadline, Answers());
}

// Begins anew after each wait: the other proofs may have changed meanwhile. Each scheme waits once.
net::Task<Verdict<Identified>> Identifier::identify_waiting(Admitted& admitted, Pending pending,
                                                            const Clock& clock,
                                                            MonotonicTime deadline) const {
  Answers answers;
  for (;;) {
    auto answer = co_await std::move(pending.task);
    answers.add(pending.authenticator, std::move(answer));
    auto outcome = identify(std::move(admitted), clock.wall(), deadline, answers);
    if (!outcome) co_return std::unexpected(outcome.error());
    if (auto* const identified = std::get_if<Identified>(&*outcome)) co_return std::move(*identified);
    pending = std::get<Pending>(*std::move(outcome));
  }
}

Verdict<Identifier::Outcome> Identifier::identify(Admitted&& admitted, WallTime now, MonotonicTime deadline,
                                                  const Answers& answers) const {
  Exchange& exchange = admitted.exchange();
  const policy::Operation& operation = admitted.operation();
  exchange.detail.clear();
  exchange.proven.clear();
  Proofs proofs;
  std::optional<Refusal> refusal;
  for (const policy::CredentialPlace& place : operation.places) {
    auto pending = look_at(place, exchange, proofs, answers, now, deadline);
    if (!pending) {
      if (!refusal) refusal = pending.error();  // the other proven principals are known all the same
    } else if (*pending && !refusal) {
      return Outcome(**std::move(pending));
    }
  }
  if (refusal) return std::unexpected(*refusal);
  refusal = choose(exchange, operation, proofs);
  if (refusal) return std::unexpected(*refusal);
  return Identified(std::move(admitted));
}

}  // namespace gatehouse::gate
