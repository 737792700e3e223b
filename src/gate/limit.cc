#include "gate/limit.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cel/normal.h"
#include "policy/policy_set.h"

namespace gatehouse::gate {
namespace {

using Kind = policy::LimitKeyPart::Kind;

void append_prefixed(std::string& key, std::string_view part) {
  // With its length in front: ("ab", "c") and ("a", "bc") are different callers.
  const auto size = static_cast<std::uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&size), sizeof size);
  key.append(part);
}

void append_address(std::string& key, const IpAddress& address, unsigned ipv6_prefix) {
  const IpAddress shared = address.family() == IpAddress::Family::v6 ? address.prefix(ipv6_prefix) : address;
  const std::size_t size = shared.family() == IpAddress::Family::v4 ? 4 : 16;
  key += shared.family() == IpAddress::Family::v4 ? '4' : '6';
  key.append(reinterpret_cast<const char*>(shared.bytes().data()), size);
}

// Empty where none answers.
std::string_view operation_name(const CheckedRequest& request) {
  return request.operation() != nullptr ? std::string_view(request.operation()->name) : std::string_view();
}

std::unexpected<Refusal> out_of_places(CallerShares::Exhausted exhausted,
                                       const policy::Operation& operation) {
  const bool all = exhausted == CallerShares::Exhausted::all;
  return refuse(all ? Reason::too_many_at_once : Reason::concurrency_share, operation.name);
}

bool counts_callers(const policy::Limit& limit) {
  return std::ranges::any_of(limit.parts, [](const policy::LimitKeyPart& part) {
    return part.kind == Kind::principal || part.kind == Kind::credential;
  });
}

std::chrono::seconds whole_seconds(std::chrono::nanoseconds time) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(time));
}

}  // namespace

Verdict<Admitted> LimitGate::admit_address(Matched matched) {
  Exchange& exchange = matched.exchange();
  exchange.limit_policies = matched.operation().limit_policies;
  GATEHOUSE_CHECK(take(exchange, matched.operation().address_limits, exchange.started));
  return Admitted(std::move(matched));
}

Verdict<void> LimitGate::charge_unmatched(Exchange& exchange, MonotonicTime now) {
  exchange.limit_policies = exchange.policy->unmatched_limit_policies;
  return take(exchange, exchange.policy->unmatched_limits, now);
}

Verdict<Counted> LimitGate::admit_principal(Identified identified) {
  Exchange& exchange = identified.exchange();
  GATEHOUSE_CHECK(take(exchange, identified.operation().principal_limits, exchange.started));
  return Counted(std::move(identified));
}

Verdict<void> LimitGate::charge_unidentified(const Admitted& admitted, const Refusal& refusal) {
  Exchange& exchange = admitted.exchange();
  const std::size_t shown = exchange.limits.size();
  Verdict<void> charged = take(exchange, admitted.operation().principal_limits, exchange.started);
  if (refusal.answer != RefusalAnswer::authentication_required) return charged;
  exchange.limits.resize(shown);
  return {};
}

Verdict<Input> LimitGate::admit_input(BodyChecked sent, Evaluator& evaluator,
                                      const std::shared_ptr<CallerShares>& places) {
  Exchange& exchange = sent.exchange();
  const policy::Operation& operation = sent.operation();
  if (!operation.input_limits.empty()) {
    const RequestActivation activation{RequestView(exchange)};
    GATEHOUSE_CHECK(take(exchange, operation.input_limits, exchange.started, &activation, &evaluator));
  }
  if (places) {
    auto place = CallerShares::take_shared(places, sent.principal().identity(), exchange.client, 1);
    if (!place) return out_of_places(place.error(), operation);
    exchange.place = *std::move(place);
  }
  return Input(std::move(sent));
}

// Appends the value of the part; `who` is a proven principal, null if there is none.
Verdict<void> LimitGate::append_part(Exchange& exchange, const policy::Limit& limit,
                                     const policy::LimitKeyPart& part, const Identity* who,
                                     const RequestActivation* activation, Evaluator* evaluator) {
  switch (part.kind) {
    case Kind::address: append_address(keys_, exchange.client, limit.ipv6_prefix); break;
    case Kind::operation: append_prefixed(keys_, operation_name(exchange.checked)); break;
    case Kind::principal:
    case Kind::credential:
      if (who == nullptr) {
        // Callers without credentials do not share one allowance: one of them could use up the others'.
        append_address(keys_, exchange.client, limit.ipv6_prefix);
      } else if (part.kind == Kind::principal) {  // an id is one principal, with any proof
        keys_ += 'p';
        append_prefixed(keys_, who->id);
      } else {
        // Independent of the authenticator: a key is unique in the store, and an issuer names its tokens.
        keys_ += static_cast<char>('0' + std::to_underlying(who->kind));
        append_prefixed(keys_, who->issuer);
        append_prefixed(keys_, who->credential_key);
      }
      break;
    case Kind::expression: {
      const cel::Evaluated outcome = part.expression->evaluate(*activation, *evaluator);
      if (!outcome) {
        exchange.detail = outcome.error().text;
        return refuse(Reason::condition_error, limit.name);
      }
      std::string text;
      cel::append_key(text, *outcome);
      append_prefixed(keys_, text);
      break;
    }
  }
  return {};
}

Verdict<void> LimitGate::take(Exchange& exchange, const std::vector<policy::LimitUse>& uses,
                              MonotonicTime now, const RequestActivation* activation, Evaluator* evaluator) {
  static_assert(kMostLimitClaims >= kMostLimits * policy::kMostSchemes);
  if (uses.empty()) return {};
  struct Made {
    std::size_t begin;  // of the claim's key in keys_
    const policy::LimitUse* use;
  };
  std::array<Made, kMostLimitClaims> made;
  std::size_t count = 0;
  keys_.clear();
  for (const policy::LimitUse& use : uses) {
    const std::size_t first = count;
    const auto key_of = [&](std::size_t claim, std::size_t end) {
      return std::string_view(keys_).substr(made[claim].begin, end - made[claim].begin);
    };
    // One claim for each proven principal: a second or additional credential is used all the same.
    const std::size_t callers =
        counts_callers(*use.limit) ? std::max<std::size_t>(exchange.proven.size(), 1) : 1;
    for (std::size_t caller = 0; caller < callers; ++caller) {
      const Identity* const who = exchange.proven.empty() ? nullptr : exchange.proven[caller].get();
      made[count] = {keys_.size(), &use};
      for (const policy::LimitKeyPart& part : use.limit->parts) {
        GATEHOUSE_CHECK(append_part(exchange, *use.limit, part, who, activation, evaluator));
      }
      // Two credentials of one principal are one caller.
      bool again = false;
      for (std::size_t before = first; before < count; ++before) {
        again = again || key_of(before, made[before + 1].begin) == key_of(count, keys_.size());
      }
      if (again) {
        keys_.resize(made[count].begin);
      } else {
        ++count;
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 < count ? made[i + 1].begin : keys_.size();
    claims_[i] = {&made[i].use->limit->rule,
                  std::string_view(keys_).substr(made[i].begin, end - made[i].begin), made[i].use->cost};
  }
  const bool allowed = store_.take(std::span(claims_).first(count), now, std::span(states_).first(count));
  std::optional<Refusal> refusal;
  for (std::size_t i = 0; i < count; ++i) {
    const policy::Limit& limit = *made[i].use->limit;
    exchange.limits.push_back({&limit, states_[i]});
    if (states_[i].allowed) continue;
    if (!refusal) refusal = Refusal(Reason::rate_limited, limit.name);
    refusal->retry_after = std::max(refusal->retry_after, whole_seconds(states_[i].retry_after));
  }
  if (allowed) return {};
  return std::unexpected(refusal.value_or(Refusal(Reason::rate_limited)));
}

}  // namespace gatehouse::gate
