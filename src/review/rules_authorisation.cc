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

// A condition over the object or its name; or a constant, by which somebody says that every holder may.
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
     .title = "Who holds the permission may name any object",
     .why = "The permission says what, not which: a caller who counts through ids reaches everybody's "
            "objects (OWASP API1, broken "
            "object level authorisation).",
     .remedy = "Give the operation a `resource` and a `when` over it, such as `resource.owner == "
               "principal.id`, or bind "
               "`:principal.id` in its statement. Where every holder may see all, say so: `when: \"true\"`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.api->path_names.empty() || decides_about_object(operation)) return;
           if (operation.admits_anonymous && is_safe(operation)) return;
           found.add(operation, fmt::format("the path names an object by {}, and no condition is about it",
                                            text(operation.api->path_names)));
         }},
    {.id = "condition-always-true",
     .severity = Severity::high,
     .weighs = Weighs::data,
     .layer = Layer::authorisation,
     .title = "A condition holds whatever is asked",
     .why = "It reads as a check and is none: who relies on it believes that somebody is kept out.",
     .remedy = "Say what has to hold. Where every holder of the permission may, say that plainly: `when: "
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
     .why = "`*` holds every permission of today and of all releases to come. One stolen credential is the "
            "whole API.",
     .remedy =
         "Name the areas, as in `orders:*`, and give the rest to a role that is used when it is needed.",
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
     .why = "A pattern holds what is added later too, before anybody has thought about it.",
     .remedy = "Name each permission in roles that many have; keep patterns for operators.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [role, patterns] : policy.settings.roles) {
             for (const PlacedText& pattern : patterns) {
               if (!pattern.value.ends_with(":*")) continue;
               std::vector<std::string> held;
               for (const std::string& permission : policy.permission_names) {
                 if (policy::grants(pattern.value, permission)) held.push_back(permission);
               }
               if (held.empty()) continue;  // grant-unused tells it
               found.whole(pattern.place,
                           fmt::format("roles.{} holds `{}`: today {}", role, pattern.value, text(held)));
             }
           }
         }},
    {.id = "everybody-writes",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::authorisation,
     .title = "Whoever is proven may change something",
     .why = "The role `authenticated` is everybody with an account, key or certificate. Where anyone can "
            "sign up, that is "
            "everybody.",
     .remedy =
         "Move the permission to a role that is given on purpose, or let a `when` decide about the object.",
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
     .title = "No proven caller can hold the permission",
     .why = "`anonymous` is the role of callers without credentials alone: a caller who proves who they are "
            "does not have it. The "
            "operation refuses those who were meant.",
     .remedy = "Give the permission to `authenticated`, or to a role, beside `anonymous`.",
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
     .why = "Who was meant to look can also change. Nothing in the role says so.",
     .remedy = "Ask for two permissions, such as `orders:read` and `orders:write`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const std::string& permission : policy.permission_names) {
             std::vector<const Operation*> reading, changing;
             for (const Operation& operation : policy.operations) {
               if (operation.permission != permission) continue;
               (is_safe(operation) ? reading : changing).push_back(&operation);
             }
             if (reading.empty() || changing.empty()) continue;
             const std::string what = fmt::format("`{}` is asked for by {} and by {}", permission,
                                                  reading.front()->name, changing.front()->name);
             const Place place = changing.front()->settings->permission->place;
             reading.insert(reading.end(), changing.begin(), changing.end());
             found.add(std::move(reading), place, what);
           }
         }},
    {.id = "grant-unused",
     .severity = Severity::low,
     .layer = Layer::authorisation,
     .title = "A role holds what no operation asks for",
     .why = "It is a slip of the pen, or what is left of an operation that is gone; it opens whatever takes "
            "that name next.",
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
     .title = "The object may change between the check and the change",
     .why = "The object is looked up and the conditions are asked before the call. What another request "
            "changes meanwhile, the "
            "call does not see.",
     .remedy = "Let the service check again what matters (a version, a state), or answer the operation by "
               "`sql` with a `resource` "
               "by `sql`: both run in one transaction.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (is_safe(operation) || !operation.resource || operation.conditions.empty()) return;
           if (operation.placement != policy::ConditionPlacement::before_call) return;
           found.add(operation, fmt::format("{} over an object, asked before the call", operation.method));
         }},
    {.id = "object-shown",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::authorisation,
     .title = "A foreign object can be told from none",
     .why = "403 for what is there and 404 for what is not lets a caller find out which ids exist.",
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
