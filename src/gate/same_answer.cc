#include "gate/same_answer.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "json/document.h"

namespace gatehouse::gate {
namespace {

bool same_text(const std::optional<policy::PlacedText>& one, const std::optional<policy::PlacedText>& other) {
  return one.has_value() == other.has_value() && (!one || one->value == other->value);
}

bool same_lookup(const std::optional<policy::ResourceSettings>& one,
                 const std::optional<policy::ResourceSettings>& other) {
  if (!one || !other) return one.has_value() == other.has_value();
  if (!one->upstream || !other->upstream)
    return one->upstream.has_value() == other->upstream.has_value() && same_text(one->sql, other->sql);
  return same_text(one->upstream->name, other->upstream->name) &&
         one->upstream->path.value == other->upstream->path.value;
}

bool same_statement(const std::optional<policy::SqlSettings>& one,
                    const std::optional<policy::SqlSettings>& other) {
  return one.has_value() == other.has_value() && (!one || one->statement.value == other->statement.value);
}

// All attributes of a proven principal that conditions and statements read.
bool same_attributes(const Identity& one, const Identity& other) {
  const auto attributes = [](const Identity& of) {
    return std::tie(of.id, of.kind, of.scheme, of.issuer, of.credential_id, of.tenant, of.roles, of.scopes,
                    of.permission_patterns, of.mfa, of.authenticated_at);
  };
  if (attributes(one) != attributes(other) || one.claims.empty() != other.claims.empty()) return false;
  return one.claims.empty() || json::equal(one.claims.root(), other.claims.root());
}

bool same_attributes(const Principal& one, const Principal& other) {
  return same_attributes(one.identity(), other.identity()) &&
         std::ranges::equal(one.beside(), other.beside(),
                            [](const IdentityPointer& left, const IdentityPointer& right) {
                              return same_attributes(*left, *right);
                            });
}

}  // namespace

bool same_conditions(const policy::Operation& one, const policy::Operation& other) {
  return std::ranges::equal(
      one.conditions, other.conditions, {},
      [](const policy::Condition& condition) { return condition.program.text(); },
      [](const policy::Condition& condition) { return condition.program.text(); });
}

bool finds_the_same(const Exchange& asked, const Exchange& answered) {
  static const policy::OperationSettings kNothing;
  const auto settings_of = [](const Exchange& exchange) {
    const policy::OperationSettings* const settings = exchange.checked.operation()->settings;
    return settings != nullptr ? settings : &kNothing;
  };
  const policy::OperationSettings& now = *settings_of(asked);
  const policy::OperationSettings& then = *settings_of(answered);
  if (!same_lookup(now.resource, then.resource) || !same_statement(now.sql, then.sql)) return false;
  if (!now.resource && !now.sql) return true;
  return asked.policy->settings.database == answered.policy->settings.database &&
         same_attributes(*asked.checked.principal(), *answered.checked.principal());
}

}  // namespace gatehouse::gate
