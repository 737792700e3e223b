#include "policy/compile_security.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "doc/reader.h"
#include "policy/known.h"

namespace gatehouse::policy {
namespace {

// What to write where a scheme of the document has no authenticator.
std::string how_to_prove(const openapi::SecurityScheme& scheme) {
  using Type = openapi::SecurityScheme::Type;
  const auto add = [&](std::string_view type) {
    return fmt::format("add `{}: {{type: {}}}`", scheme.name, type);
  };
  switch (scheme.type) {
    case Type::api_key: return add("api_key") + ", or one of type jwt";
    case Type::mutual_tls: return add("mtls");
    case Type::oauth2:
    case Type::open_id_connect:
      return "add one of type jwt, with the issuer's name and keys, or of type api_key";
    case Type::http: break;
  }
  if (scheme.http_scheme == "bearer") return add("api_key") + ", or one of type jwt";
  if (scheme.http_scheme == "basic") return add("basic") + ", which takes API keys as passwords";
  return fmt::format(
      "there is none for HTTP {}: write `{}: {{exclude: \"the reason\"}}` there, so that no caller uses it, "
      "or let the document ask for apiKey, http bearer or basic, oauth2, openIdConnect or mutualTLS instead",
      scheme.http_scheme, scheme.name);
}

}  // namespace

std::optional<std::uint32_t> SecurityCompiler::authenticator(std::string_view name) const {
  const auto same = set_.settings.same_schemes.find(std::string(name));
  const std::string_view meant = same == set_.settings.same_schemes.end() ? name : same->second.value;
  for (const AuthenticatorPolicy& one : set_.authenticators) {
    if (one.name == meant) return one.index;
  }
  return std::nullopt;
}

void SecurityCompiler::decide(const openapi::Api& api, const openapi::Operation& from,
                              const OperationSettings& own, const Place& place, Operation& operation) {
  operation.admits_anonymous = from.admits_anonymous();
  for (const openapi::SecurityAlternative& alternative : from.security) {
    SchemeAlternative compiled;
    bool is_whole = true;
    for (const openapi::SecurityNeed& need : alternative) {
      if (set_.settings.excluded_schemes.contains(need.scheme)) {
        is_whole = false;
        continue;
      }
      const auto index = authenticator(need.scheme);
      if (!index) {
        // A scheme that the document does not declare was reported when it was read.
        if (const openapi::SecurityScheme* scheme = api.scheme(need.scheme);
            scheme != nullptr && !set_.settings.is_unread("authenticators", need.scheme)) {
          Unproven& unproven = unproven_[need.scheme];
          unproven.place = scheme->place;
          unproven.mend = how_to_prove(*scheme);
          unproven.operations.insert(operation.name);
        }
        is_whole = false;
        continue;
      }
      const auto proven = std::ranges::find(compiled, *index, &SchemeUse::authenticator);
      if (proven == compiled.end()) {
        compiled.push_back({*index, need.scopes});
      } else {  // by a scheme that is the same: one credential has the scopes of both
        proven->scopes.insert(proven->scopes.end(), need.scopes.begin(), need.scopes.end());
      }
      const std::string& challenge = set_.authenticators[*index].challenge;
      if (!operation.challenges.contains(challenge)) {
        if (!operation.challenges.empty()) operation.challenges += ", ";
        operation.challenges += challenge;
      }
    }
    // An alternative without one of its schemes would admit callers with the others alone; the scheme is
    // reported above, or excluded.
    if (!is_whole) continue;
    add_places(compiled, operation);
    check_proofs(place, operation, compiled);
    choose_principal(own, place, operation, compiled);
    operation.alternatives.push_back(std::move(compiled));
  }
  for (const openapi::SecurityAlternative& alternative : from.security) {
    for (const openapi::SecurityNeed& need : alternative) {
      const auto unproven = unproven_.find(need.scheme);
      if (unproven == unproven_.end() || !unproven->second.operations.contains(operation.name)) continue;
      if (operation.alternatives.empty()) {
        unproven->second.is_needed = true;
      } else {
        unproven->second.enough =
            set_.authenticators[operation.alternatives.front().front().authenticator].name;
      }
    }
  }
  const auto needs_excluded = [&](const openapi::SecurityAlternative& alternative) {
    return std::ranges::any_of(alternative, [&](const openapi::SecurityNeed& need) {
      return set_.settings.excluded_schemes.contains(need.scheme);
    });
  };
  if (!from.security.empty() && std::ranges::all_of(from.security, needs_excluded)) {
    if (closed_.empty()) first_closed_ = place;
    closed_.push_back(operation.name);
  }
  std::size_t schemes = 0;
  for (const CredentialPlace& one : operation.places) schemes += one.authenticators.size();
  if (schemes > kMostSchemes) {
    problems_.add(place,
                  fmt::format("{}: its `security` names {} schemes, and {} is the maximum; leave some out",
                              operation.name, schemes, kMostSchemes));
  }
  const bool may_be_stated =
      set_.settings.is_unread("operations", operation.name) ||
      (from.security_stated == openapi::Operation::Stated::nowhere && set_.settings.is_unread("defaults"));
  if (operation.admits_anonymous && !own.open && !may_be_stated) {
    auto& [first, operations] = open_[{from.place.file, from.security_stated}];
    if (operations.empty()) first = place;
    operations.push_back(operation.name);
  }
  if (!operation.admits_anonymous && own.open) {
    problems_.add(own.open->place, fmt::format("{}: is `public`, but its `security` admits no caller without "
                                               "credentials; remove one of the two",
                                               operation.name));
  }
}

void SecurityCompiler::add_places(const SchemeAlternative& alternative, Operation& operation) const {
  for (const SchemeUse& use : alternative) {
    const AuthenticatorPolicy& one = set_.authenticators[use.authenticator];
    auto place = std::ranges::find_if(operation.places, [&](const CredentialPlace& known) {
      return known.carrier == one.carrier && known.field == one.field;
    });
    if (place == operation.places.end()) {
      place = operation.places.insert(place, {one.carrier, one.field, {}});
    }
    if (std::ranges::find(place->authenticators, one.index) == place->authenticators.end()) {
      place->authenticators.push_back(one.index);
    }
  }
}

// If several schemes are required together, the configuration selects the principal. Their order in YAML
// means nothing.
void SecurityCompiler::choose_principal(const OperationSettings& own, const Place& place,
                                        const Operation& operation, SchemeAlternative& alternative) {
  if (alternative.size() < 2) return;
  for (const PlacedText& name : own.principal ? *own.principal : set_.settings.defaults.principal) {
    const auto index = authenticator(name.value);
    if (!index) {
      problems_.add(name.place, fmt::format("principal: there is no authenticator `{}`; {}", name.value,
                                            known(keys_of(set_.settings.authenticators), name.value)));
      return;
    }
    const auto found =
        std::ranges::find_if(alternative, [&](const SchemeUse& use) { return use.authenticator == index; });
    if (found == alternative.end()) continue;
    std::rotate(alternative.begin(), found, found + 1);
    return;
  }
  std::vector<std::string> names;
  for (const SchemeUse& use : alternative) names.push_back(set_.authenticators[use.authenticator].name);
  problems_.add(place, fmt::format("{}: requires {} together; choose the one that gives principal.id, with "
                                   "`principal: {}` here or in `defaults`",
                                   operation.name, fmt::join(names, " and "), names.back()));
}

// Schemes that must hold together are several proofs: no single credential could be both.
void SecurityCompiler::check_proofs(const Place& place, const Operation& operation,
                                    const SchemeAlternative& alternative) {
  for (auto a = alternative.begin(); a != alternative.end(); ++a) {
    for (auto b = alternative.begin(); b != a; ++b) {
      const AuthenticatorPolicy& one = set_.authenticators[b->authenticator];
      const AuthenticatorPolicy& other = set_.authenticators[a->authenticator];
      if (one.carrier == other.carrier && one.field == other.field) {
        auto& [first, operations] = together_[{one.name, other.name}];
        if (operations.empty()) first = place;
        operations.push_back(operation.name);
        continue;
      }
      const JwtSettings* const left = one.settings->jwt();
      const JwtSettings* const right = other.settings->jwt();
      if (left == nullptr || right == nullptr) continue;
      const auto shared = std::ranges::find_first_of(left->audiences, right->audiences);
      if (left->issuer.value == right->issuer.value && shared != left->audiences.end()) {
        problems_.add(place, fmt::format("{}: requires {} and {} together, but one token of {} for the "
                                         "audience `{}` could be both; give them different audiences",
                                         operation.name, one.name, other.name, left->issuer.value, *shared));
      }
    }
  }
}

void SecurityCompiler::report() {
  if (!closed_.empty()) {
    const bool single = closed_.size() == 1;
    problems_.add(
        first_closed_,
        fmt::format("{}{}: every alternative of {} `security` requires a scheme that "
                    "`authenticators` excludes, so no caller is admitted; write `{}: {{exclude: "
                    "\"the reason\"}}` under `operations`{}",
                    closed_.front(), single ? std::string() : fmt::format(" and {} more", closed_.size() - 1),
                    single ? "its" : "their", closed_.front(), single ? "" : ", for each"));
  }
  for (const auto& [names, one] : together_) {
    const auto& [first, operations] = one;
    const std::string more =
        operations.size() == 1 ? std::string() : fmt::format(" and {} more", operations.size() - 1);
    problems_.add(first,
                  fmt::format("{}{}: {} {} and {} together, but both have the same place, which holds one "
                              "credential; if one credential proves both, write `{}: {{same_as: {}}}` "
                              "under `authenticators`, or give one of them another place",
                              operations.front(), more, operations.size() == 1 ? "requires" : "require",
                              names.first, names.second, names.second, names.first));
  }
  for (const auto& [key, one] : open_) {
    const auto& [first, operations] = one;
    const bool single = operations.size() == 1;
    const std::string more = single ? std::string() : fmt::format(" and {} more", operations.size() - 1);
    const std::string mend =
        key.second == openapi::Operation::Stated::nowhere
            ? "write `security: [{NAME: []}]` in the OpenAPI document, or in gatehouse.yaml under `defaults` "
              "or for the operation, where NAME is a scheme of the document or of `security_schemes`, or"
            : "write `security: [{NAME: []}]` in the OpenAPI document, or in gatehouse.yaml for the "
              "operation, "
              "or";
    problems_.add(
        first, fmt::format("{}{}: {} a caller without credentials; {} `public: \"the reason\"` to {} policy",
                           operations.front(), more,
                           key.second == openapi::Operation::Stated::nowhere
                               ? (single ? "nothing states its `security`, which admits"
                                         : "nothing states their `security`, which admits")
                           : single ? "its `security` admits"
                                    : "their `security` admits",
                           mend, single ? "its" : "each"));
  }
  for (const auto& [scheme, unproven] : unproven_) {
    const std::string more = unproven.operations.size() == 1
                                 ? std::string()
                                 : fmt::format(" and {} more", unproven.operations.size() - 1);
    const std::string otherwise =
        !unproven.is_needed ? fmt::format("; or let `{}` go alone: `{}: {{exclude: \"the reason\"}}`",
                                          unproven.enough, scheme)
        : set_.settings.authenticators.empty() ? std::string()
                                               : "; " + known(keys_of(set_.settings.authenticators));
    problems_.add(unproven.place,
                  fmt::format("`authenticators` has none for the security scheme `{}`, which {}{} {}; {}{}",
                              scheme, *unproven.operations.begin(), more,
                              unproven.is_needed ? "requires" : "offers", unproven.mend, otherwise));
  }
}

}  // namespace gatehouse::policy
