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

std::chrono::seconds whole_seconds(std::chrono::nanoseconds time) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(time));
}

}  // namespace

Verdict<Admitted> LimitGate::admit_address(Exchange& exchange, const Matched& matched, MonotonicTime now) {
  exchange.limit_policies = matched.operation().limit_policies;
  return take(exchange, matched.operation().address_limits, nullptr, nullptr, now);
}

Verdict<Admitted> LimitGate::admit_unmatched(Exchange& exchange, MonotonicTime now) {
  exchange.limit_policies = exchange.policy->unmatched_limit_policies;
  return take(exchange, exchange.policy->unmatched_limits, nullptr, nullptr, now);
}

Verdict<Admitted> LimitGate::admit_principal(Exchange& exchange, const Matched& matched, MonotonicTime now) {
  return take(exchange, matched.operation().principal_limits, nullptr, nullptr, now);
}

Verdict<Admitted> LimitGate::admit_input(Exchange& exchange, const Matched& matched,
                                         const Principal& principal, const Input& input, Evaluator& evaluator,
                                         MonotonicTime now) {
  if (matched.operation().input_limits.empty()) return Admitted();
  const RequestActivation activation(exchange, principal, input);
  return take(exchange, matched.operation().input_limits, &activation, &evaluator, now);
}

Verdict<Admitted> LimitGate::take(Exchange& exchange, const std::vector<policy::LimitUse>& uses,
                                  const RequestActivation* activation, Evaluator* evaluator,
                                  MonotonicTime now) {
  if (uses.empty()) return Admitted();
  std::array<std::size_t, kMostLimitClaims> ends;
  keys_.clear();
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const policy::Limit& limit = *uses[i].limit;
    for (const policy::LimitKeyPart& part : limit.parts) {
      switch (part.kind) {
        case Kind::address: append_address(keys_, exchange.client, limit.ipv6_prefix); break;
        case Kind::operation:
          append_prefixed(
              keys_, exchange.operation ? std::string_view(exchange.operation->name) : std::string_view());
          break;
        case Kind::principal:
        case Kind::credential: {
          // Callers without credentials do not share one allowance: one of them could use up everybody's.
          if (exchange.proven.empty()) {
            append_address(keys_, exchange.client, limit.ipv6_prefix);
            break;
          }
          const Identity& who = *exchange.proven.front();
          if (part.kind == Kind::principal) {  // an id is one principal, whatever proves it
            keys_ += 'p';
            append_prefixed(keys_, who.id);
            break;
          }
          // Whichever authenticator took it: a key is one of the store, and an issuer names its tokens.
          keys_ += static_cast<char>('0' + std::to_underlying(who.kind));
          append_prefixed(keys_, who.issuer);
          append_prefixed(keys_, who.credential_key);
          break;
        }
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
    }
    ends[i] = keys_.size();
  }
  for (std::size_t i = 0, start = 0; i < uses.size(); start = ends[i++]) {
    claims_[i] = {&uses[i].limit->rule, std::string_view(keys_).substr(start, ends[i] - start), uses[i].cost};
  }
  const bool allowed =
      store_.take(std::span(claims_).first(uses.size()), now, std::span(states_).first(uses.size()));
  std::optional<Refusal> refusal;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    exchange.limits.push_back({uses[i].limit, states_[i]});
    if (states_[i].allowed) continue;
    if (!refusal) refusal = Refusal(Reason::rate_limited, uses[i].limit->name);
    refusal->retry_after = std::max(refusal->retry_after, whole_seconds(states_[i].retry_after));
  }
  if (allowed) return Admitted();
  return std::unexpected(refusal.value_or(Refusal(Reason::rate_limited)));
}

}  // namespace gatehouse::gate
