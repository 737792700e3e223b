#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PlacedText;
using policy::PolicySet;

bool binds_principal(const policy::Statement& statement) {
  return std::any_of(statement.values.begin(), statement.values.end(), [](const Reference& value) {
    return value.name == Name::principal_id || value.name == Name::principal_tenant ||
           value.name == Name::principal_claims;
  });
}

// A condition over the object or its name; or a constant, which states that every holder may.
bool is_about_object(const policy::Condition& condition) {
  const std::vector<cel::Slot>& slots = condition.program.slots();
  const auto asks = [&](Name name) { return std::ranges::find(slots, policy::slot(name)) != slots.end(); };
  return slots.empty() || asks(Name::resource) || asks(Name::request_path);
}

// Whether something beside the permission decides about the object: a condition, or the caller's name in the
// statement.
bool decides_about_object(const Operation& operation) {
  return std::ranges::any_of(operation.conditions, is_about_object) ||
         (operation.sql() != nullptr && binds_principal(operation.sql()->statement));
}

// Knows nothing of any request.
class Nothing final : public cel::Activation {
 public:
  cel::Value variable(cel::Slot, cel::Arena&) const override { return cel::Value::missing(); }
};

// Whether it holds although nothing is known (`1 == 1`, `x || true`), or compares something with itself. The
// constant `true` says openly that every holder may.
bool holds_always(const cel::Program& program) {
  std::string plain;
  for (const char c : program.text()) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '(' && c != ')') plain += c;
  }
  if (plain == "true") return false;
  cel::Scratch scratch;
  if (cel::holds(program.evaluate(Nothing(), scratch))) return true;
  for (const std::string_view same : {"==", ">=", "<="}) {
    const std::size_t at = plain.find(same);
    if (at != plain.npos && plain.find_first_of("&|?\"'") == plain.npos &&
        plain.find(same, at + 1) == plain.npos && plain.substr(0, at) == plain.substr(at + 2)) {
      return true;
    }
  }
  return false;
}

std::string text(const std::vector<std::string>& names) {
  return fmt::format("`{}`", fmt::join(names, "`, `"));
}

constexpr Rule kAuthorisationRules[] = {
    {.id = "object-unchecked",
     .severity = Severity::high,
     .weighs = Weighs::data,
     .layer = Layer::authorisation,
     .title = "Every holder of the permission may access every object",
     .why = "The permission covers an action, not an object: a caller who enumerates ids reaches all objects "
            "(OWASP API1, broken object level authorisation).",
     .remedy = "Give the operation a `resource` and a `when` over it, such as `resource.owner == "
               "principal.id`, or bind `:principal.id` in its statement. If every holder may see all "
               "objects, say so: `when: \"true\"`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.api->path_names.empty() || decides_about_object(operation)) return;
           if (operation.admits_anonymous && is_safe(operation)) return;
           found.add(operation, fmt::format("the path names an object by {}, and no condition checks it",
                                            text(operation.api->path_names)));
         }},
    {.id = "condition-always-true",
     .severity = Severity::high,
     .weighs = Weighs::data,
     .layer = Layer::authorisation,
     .title = "A condition is true for every request",
     .why = "It looks like a check and has no effect. Readers of the configuration believe that it refuses "
            "some callers.",
     .remedy = "Write the intended condition. If every holder of the permission may pass, say so: `when: "
               "\"true\"`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           for (const policy::Condition& condition : operation.conditions) {
             if (holds_always(condition.program))
               found.add(operation, fmt::format("{}: `{}`", condition.rule, condition.program.text()));
           }
         }},
    {.id = "role-everything",
     .severity = Severity::high,
     .layer = Layer::authorisation,
     .title = "A role may do everything",
     .why = "`*` holds every permission of today and of all future releases. One stolen credential gives "
            "access to the whole API.",
     .remedy = "Name the areas, as in `orders:*`, and give the rest to a role that is used only when needed.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [role, patterns] : policy.settings.roles) {
             for (const PlacedText& pattern : patterns) {
               if (pattern.value == "*") found.whole(pattern.place, fmt::format("roles.{} holds `*`", role));
             }
           }
         }},
    {.id = "role-wildcard",
     .severity = Severity::low,
     .layer = Layer::authorisation,
     .title = "A role grows by itself",
     .why = "A pattern also holds permissions that are added later, without a decision about them.",
     .remedy = "Name each permission in roles with many holders; keep patterns for operators.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [role, patterns] : policy.settings.roles) {
             for (const PlacedText& pattern : patterns) {
               if (!pattern.value.ends_with(":*")) continue;
               std::vector<std::string> held;
               for (const std::string& permission : policy.permission_names) {
                 if (policy::grants(pattern.value, permission)) held.push_back(permission);
               }
               if (held.empty()) continue;  // grant-unused reports it
               found.whole(pattern.place,
                           fmt::format("roles.{} holds `{}`: today {}", role, pattern.value, text(held)));
             }
           }
         }},
    {.id = "everybody-writes",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::authorisation,
     .title = "Every authenticated caller may change something",
     .why = "Every caller with an account, key or certificate has the role `authenticated`. If sign-up is "
            "open, that is everyone.",
     .remedy = "Move the permission to a role that is assigned explicitly, or let a `when` decide about the "
               "object.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (is_safe(operation) || operation.admits_anonymous || decides_about_object(operation)) return;
           const auto& roles = found.policy().settings.roles;
           const auto role = roles.find("authenticated");
           if (role == roles.end()) return;
           for (const PlacedText& pattern : role->second) {
             if (!policy::grants(pattern.value, operation.permission)) continue;
             found.add(operation, fmt::format("roles.authenticated holds `{}`", pattern.value));
             return;
           }
         }},
    {.id = "permission-unreachable",
     .severity = Severity::medium,
     .layer = Layer::authorisation,
     .title = "No authenticated caller can hold the permission",
     .why = "Only callers without credentials have the role `anonymous`; an authenticated caller does not. "
            "The operation refuses the intended callers.",
     .remedy = "Give the permission to `authenticated`, or to another role, in addition to `anonymous`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const bool asks =
               std::any_of(operation.alternatives.begin(), operation.alternatives.end(),
                           [](const policy::SchemeAlternative& alternative) { return !alternative.empty(); });
           if (!asks ||
               holders(found.policy(), operation.permission) != std::vector<std::string>{"anonymous"})
             return;
           found.add(operation, fmt::format("only `anonymous` holds `{}`", operation.permission));
         }},
    {.id = "permission-mixed",
     .severity = Severity::medium,
     .layer = Layer::authorisation,
     .title = "One permission for reading and changing",
     .why = "A caller that should only read can also change. The role does not show it.",
     .remedy = "Use two permissions, such as `orders:read` and `orders:write`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const std::string& permission : policy.permission_names) {
             std::vector<const Operation*> reading, changing;
             for (const Operation& operation : policy.operations) {
               if (operation.permission != permission) continue;
               (is_safe(operation) ? reading : changing).push_back(&operation);
             }
             if (reading.empty() || changing.empty()) continue;
             const std::string what = fmt::format("`{}` is required by {} and by {}", permission,
                                                  reading.front()->name, changing.front()->name);
             const Place place = changing.front()->settings->permission->place;
             reading.insert(reading.end(), changing.begin(), changing.end());
             found.add(std::move(reading), place, what);
           }
         }},
    {.id = "grant-unused",
     .severity = Severity::low,
     .layer = Layer::authorisation,
     .title = "A role holds a permission that no operation requires",
     .why = "It is a typing error, or the rest of a removed operation. It gives access to the next operation "
            "that uses this name.",
     .remedy = "Remove it, or correct its name.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [role, patterns] : policy.settings.roles) {
             for (const PlacedText& pattern : patterns) {
               const auto granted = [&](const std::string& name) {
                 return policy::grants(pattern.value, name);
               };
               if (std::any_of(policy.permission_names.begin(), policy.permission_names.end(), granted))
                 continue;
               found.whole(pattern.place, fmt::format("roles.{} holds `{}`", role, pattern.value));
             }
           }
         }},
    {.id = "checked-then-called",
     .severity = Severity::low,
     .weighs = Weighs::data,
     .layer = Layer::authorisation,
     .title = "The object may change between the check and the call",
     .why = "The object is looked up and the conditions are evaluated before the call. The call does not see "
            "changes that another request makes in between.",
     .remedy = "Let the service check the relevant values again (a version, a state), or answer the "
               "operation by `sql` with a `resource` by `sql`: both run in one transaction.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (is_safe(operation) || !operation.resource || operation.conditions.empty()) return;
           if (operation.placement != policy::ConditionPlacement::before_call) return;
           found.add(operation,
                     fmt::format("{} over an object, evaluated before the call", operation.method));
         }},
    {.id = "object-shown",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::authorisation,
     .title = "Another caller's object can be distinguished from a missing one",
     .why = "403 for existing objects and 404 for missing ones lets a caller find out which ids exist.",
     .remedy = "Remove `hide: false`: the caller gets 404 in both cases.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.resource && operation.hide == policy::Hide::no)
             found.add(operation, "`hide: false`");
         }},
};

}  // namespace

std::span<const Rule> authorisation_rules() { return kAuthorisationRules; }

}  // namespace gatehouse::review
