#include "policy/compile_limits.h"

#include <algorithm>

#include <fmt/format.h>

#include "cel/compile.h"
#include "policy/environment.h"
#include "policy/located_program.h"

namespace gatehouse::policy {
namespace {

using PartKind = LimitKeyPart::Kind;

PartKind kind_of(std::string_view text) {
  constexpr std::pair<std::string_view, PartKind> kWords[] = {{"ip", PartKind::address},
                                                              {"principal", PartKind::principal},
                                                              {"key", PartKind::credential},
                                                              {"operation", PartKind::operation}};
  for (const auto& [word, kind] : kWords) {
    if (text == word) return kind;
  }
  return PartKind::expression;
}

std::optional<LimitKeyPart> compile_part(const PlacedText& text, Problems& problems) {
  LimitKeyPart part;
  part.kind = kind_of(text.value);
  if (part.kind != PartKind::expression) return part;
  if (text.value == "user" || text.value == "ip_address" || text.value == "address" ||
      text.value == "consumer" || text.value == "client") {
    problems.add(text.place,
                 fmt::format("`{}`: the words are `ip`, `principal`, `key` and `operation`; anything "
                             "else is CEL over the request",
                             text.value));
    return std::nullopt;
  }
  part.expression = compile_at(text, limit_environment(), cel::Type::dyn(), problems);
  if (!part.expression) return std::nullopt;
  return part;
}

Limit::Phase phase_of(const LimitKeyPart& part) {
  switch (part.kind) {
    case PartKind::address:
    case PartKind::operation: return Limit::Phase::address;
    case PartKind::principal:
    case PartKind::credential: return Limit::Phase::principal;
    case PartKind::expression: return Limit::Phase::input;
  }
  return Limit::Phase::input;
}

// draft-ietf-httpapi-ratelimit-headers section 3: the name as a quoted string, the quota, the window in
// seconds.
std::string policy_item(const Limit& limit) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit.rule.rate.window).count();
  return fmt::format("\"{}\";q={};w={}", limit.name, limit.rule.rate.count, seconds);
}

// FNV-1a over all that a limit is.
std::uint64_t id_of(const Limit& limit, const LimitSettings& from) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", limit.name, limit.rule.rate.count,
                                 limit.rule.rate.window.count(), limit.rule.burst, limit.ipv6_prefix);
  for (const PlacedText& part : from.per) text.append("\n").append(part.value);
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

void check_limit_names(const LimitSettings& limit, const Operation& operation, LimitFaults& faults) {
  for (const PlacedText& text : limit.per) {
    if (kind_of(text.value) != PartKind::expression) continue;
    const auto program = cel::compile(text.value, limit_environment(*operation.api), cel::Type::dyn());
    if (program) continue;
    for (const cel::Problem& problem : program.error()) {
      LimitFault& fault = faults[with_mend(
          fmt::format("the key `{}` of the limit `{}`: {}", text.value, limit.name, problem.message))];
      fault.place = text.place;
      fault.operations.push_back(operation.name);
    }
  }
}

void report(const LimitFaults& faults, Problems& problems) {
  for (const auto& [what, fault] : faults) {
    const std::size_t more = fault.operations.size() - 1;
    problems.add(fault.place,
                 fmt::format("{}{}: {}", fault.operations.front(),
                             more == 0 ? std::string() : fmt::format(" and {} more", more), what));
  }
}

void compile_limits(PolicySet& set, Problems& problems) {
  for (const auto& [name, from] : set.settings.limits) {
    auto limit = std::make_unique<Limit>();
    limit->name = name;
    if (!std::all_of(name.begin(), name.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; })) {
      problems.add(from.place, "a limit's name appears in headers: use letters, digits, - and _");
    }
    limit->rule.rate = from.rate;
    // Without a burst a tenth of the window's count may come at once: a page loads with several requests.
    limit->rule.burst = from.burst != 0 ? from.burst : std::max<std::uint64_t>(1, from.rate.count / 10);
    limit->ipv6_prefix = from.ipv6_prefix;
    for (const PlacedText& text : from.per) {
      if (auto part = compile_part(text, problems)) {
        limit->phase = std::max(limit->phase, phase_of(*part));
        limit->parts.push_back(*std::move(part));
      }
    }
    limit->rule.id = id_of(*limit, from);
    limit->policy_item = policy_item(*limit);
    set.limits.push_back(std::move(limit));
  }
  // Paths without an operation are limited too: by the defaults whose key is the address alone.
  for (const PlacedText& name : set.settings.defaults.limits) {
    for (const auto& limit : set.limits) {
      if (limit->name != name.value || limit->phase != Limit::Phase::address) continue;
      set.unmatched_limits.push_back({limit.get(), 1});
      if (!set.unmatched_limit_policies.empty()) set.unmatched_limit_policies += ", ";
      set.unmatched_limit_policies += limit->policy_item;
    }
  }
  if (set.unmatched_limits.size() > kMostLimits) {
    problems.add(set.settings.defaults.limits.front().place,
                 fmt::format("defaults.limits: has more than {} limits per address, which all count for "
                             "paths without an operation; leave some out",
                             kMostLimits));
  }
}

}  // namespace gatehouse::policy
