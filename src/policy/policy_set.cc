#include "policy/policy_set.h"

#include <algorithm>

#include "db/catalogue.h"

namespace gatehouse::policy {
namespace {

// The role every caller has, proven or not.
std::string_view built_in(PrincipalKind kind) {
  return kind == PrincipalKind::anonymous ? "anonymous" : "authenticated";
}

}  // namespace

std::string UpstreamTargetPolicy::shown() const { return "upstream " + upstream->name; }
std::string SqlTargetPolicy::shown() const {
  return statement.fixed->effect() == db::Effect::writes ? "sql, writes" : "sql, reads";
}

PolicySet::PolicySet() = default;
PolicySet::~PolicySet() = default;

bool grants(std::string_view pattern, std::string_view permission) {
  if (pattern == permission) return true;
  if (pattern == "*") return true;
  if (!pattern.ends_with(":*")) return false;
  const std::string_view kept = pattern.substr(0, pattern.size() - 1);  // with its colon
  return permission.size() > kept.size() && permission.starts_with(kept);
}

std::vector<std::string> PolicySet::permission_patterns_of(const std::vector<std::string>& roles,
                                                           PrincipalKind kind) const {
  std::vector<std::string> patterns;
  const auto add = [&](std::string_view role) {
    const auto found = settings.roles.find(std::string(role));
    if (found == settings.roles.end()) return;
    for (const PlacedText& pattern : found->second) patterns.push_back(pattern.value);
  };
  add(built_in(kind));
  for (const std::string& role : roles) {
    // The built-in roles come from being proven or not, never from a credential that claims them.
    if (role != "anonymous" && role != "authenticated") add(role);
  }
  return patterns;
}

std::string_view name(ConditionPlacement placement) {
  switch (placement) {
    case ConditionPlacement::before_call: return "before_call";
    case ConditionPlacement::in_transaction: return "in_transaction";
    case ConditionPlacement::in_statement: return "in_statement";
  }
  return {};
}

PermissionSet PolicySet::permissions_of(const std::vector<std::string>& roles, PrincipalKind kind) const {
  PermissionSet set(permission_names.size());
  for (const std::string& pattern : permission_patterns_of(roles, kind)) {
    for (std::size_t i = 0; i < permission_names.size(); ++i) {
      if (grants(pattern, permission_names[i])) set.insert(i);
    }
  }
  return set;
}

bool PolicySet::only_key_authenticator() const {
  return std::ranges::count_if(authenticators, [](const AuthenticatorPolicy& authenticator) {
           return authenticator.settings->takes_keys();
         }) == 1;
}

const Operation* PolicySet::find(std::string_view name) const {
  for (const Operation& operation : operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace gatehouse::policy
