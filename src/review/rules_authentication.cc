#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "review/purpose.h"
#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::AuthenticatorPolicy;
using policy::Carrier;
using policy::Operation;
using policy::PolicySet;

bool is_sensitive(const Operation& operation) {
  return operation.threat_model.data == policy::DataClass::sensitive;
}

// Whether every scheme of an alternative, which must have one, fits.
template <typename Fits>
bool all_schemes(const PolicySet& policy, const policy::SchemeAlternative& alternative, Fits fits) {
  return !alternative.empty() &&
         std::all_of(alternative.begin(), alternative.end(), [&](const policy::SchemeUse& use) {
           return fits(policy.authenticators[use.authenticator]);
         });
}

const std::string* name_of(const PolicySet& policy, const Operation& operation,
                           bool (*fits)(const AuthenticatorPolicy&)) {
  for (const policy::SchemeAlternative& alternative : operation.alternatives) {
    if (all_schemes(policy, alternative, fits))
      return &policy.authenticators[alternative.front().authenticator].name;
  }
  return nullptr;
}

// The number of separate secrets that a thief needs: keys are stored together, and a thief with one token of
// an issuer can get another.
std::size_t proofs_of(const PolicySet& policy, const policy::SchemeAlternative& alternative) {
  std::vector<std::string> kinds;
  for (const policy::SchemeUse& use : alternative) {
    std::string kind = std::visit([](const auto& type) { return type.proof(); },
                                  policy.authenticators[use.authenticator].settings->of);
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(std::move(kind));
  }
  return kinds.size();
}

// Whether each caller of the alternative would have been admitted by the other one.
bool is_as_strict(const openapi::SecurityAlternative& one, const openapi::SecurityAlternative& other) {
  return std::ranges::all_of(other, [&](const openapi::SecurityNeed& need) {
    const auto same = std::ranges::find(one, need.scheme, &openapi::SecurityNeed::scheme);
    return same != one.end() && std::ranges::all_of(need.scopes, [&](const std::string& scope) {
             return std::ranges::find(same->scopes, scope) != same->scopes.end();
           });
  });
}

// Whether the configuration admits a caller whom the document's `security` would refuse.
bool is_loosened(const openapi::Operation& operation) {
  const auto& documents = operation.replaced_security;
  if (!documents || documents->empty()) return false;
  if (operation.security.empty()) return true;
  return std::ranges::any_of(operation.security, [&](const openapi::SecurityAlternative& one) {
    return std::ranges::none_of(
        *documents, [&](const openapi::SecurityAlternative& other) { return is_as_strict(one, other); });
  });
}

// A condition over how the caller was proven, or from where they call.
bool asks_for_more(const policy::Condition& condition) {
  return std::ranges::any_of(condition.program.slots(), [](cel::Slot slot) {
    return slot == policy::slot(Name::principal_claims) || slot == policy::slot(Name::principal_scheme) ||
           slot == policy::slot(Name::principal_by) || slot == policy::slot(Name::principal_mfa) ||
           slot == policy::slot(Name::principal_authenticated_at) || slot == policy::slot(Name::request_ip);
  });
}

constexpr Rule kAuthenticationRules[] = {
    {.id = "public-write",
     .severity = Severity::high,
     .weighs = Weighs::exposure,
     .layer = Layer::authentication,
     .title = "Callers without credentials may change something",
     .why = "Robots find operations that change something without a credential first.",
     .remedy =
         "Require a credential. Keep public changes for sign-in and webhooks, with a tight limit by address.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.admits_anonymous || is_safe(operation)) return;
           if (word_for(Purpose::sign_in, *operation.api) || word_for(Purpose::recovery, *operation.api) ||
               word_for(Purpose::webhook, *operation.api)) {
             return;
           }
           found.add(operation,
                     fmt::format("{} is public: \"{}\"", operation.method, operation.settings->open->value));
         }},
    {.id = "webhook-unsigned",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::authentication,
     .title = "Gatehouse does not authenticate the sender of this webhook",
     .why = "Gatehouse checks the form of a webhook's body, not its signature: everyone who learns the URL "
            "can send one.",
     .remedy = "Let the service verify the signature over the body as sent, refuse a body without one, and "
               "accept each delivery once; or require a client certificate of the sender.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.admits_anonymous || is_safe(operation)) return;
           if (const auto word = word_for(Purpose::webhook, *operation.api)) {
             found.add(operation, fmt::format("`{}` in its name, and public", *word));
           }
         }},
    {.id = "administration-one-proof",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::authentication,
     .title = "One stolen credential gives administration",
     .why = "A password or a token alone is too weak for the permissions of operators.",
     .remedy = "Require two schemes together, such as a token and a client certificate, or more in a `when`: "
               "`principal.mfa`, `cidr(\"10.0.0.0/8\").containsIP(request.ip)`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const auto word = word_for(Purpose::administration, *operation.api);
           if (!word || std::ranges::any_of(operation.conditions, asks_for_more)) return;
           for (const policy::SchemeAlternative& alternative : operation.alternatives) {
             if (proofs_of(found.policy(), alternative) != 1) continue;
             const AuthenticatorPolicy& authenticator =
                 found.policy().authenticators[alternative.front().authenticator];
             if (authenticator.carrier == Carrier::certificate) continue;
             found.add(operation,
                       fmt::format("`{}` in its name, and `{}` is enough", *word, authenticator.name));
             return;
           }
         }},
    {.id = "public-sensitive",
     .severity = Severity::medium,
     .layer = Layer::authentication,
     .title = "A public operation, although the threat model says sensitive data",
     .why = "Either the data is not sensitive, or it is public by mistake. The configuration does not say "
            "which.",
     .remedy =
         "State the operation's own `threat_model: {exposure: …, data: public}`, or require a credential.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.admits_anonymous || !is_safe(operation) || !is_sensitive(operation)) return;
           found.add(operation, fmt::format("is public: \"{}\"", operation.settings->open->value));
         }},
    {.id = "key-alone",
     .severity = Severity::high,
     .weighs = Weighs::data,
     .layer = Layer::authentication,
     .title = "An API key alone gives access to sensitive data",
     .why = "A key is a password in files and build systems, with a long life and without a second factor: "
            "everyone who copies it can act as the caller.",
     .remedy = "Require a token or a client certificate, or one of them together with the key. Give keys an "
               "expiry and `--address`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!is_sensitive(operation)) return;
           const std::string* name = name_of(
               found.policy(), operation,
               [](const AuthenticatorPolicy& authenticator) { return authenticator.settings->takes_keys(); });
           if (name != nullptr) found.add(operation, fmt::format("`{}` is enough", *name));
         }},
    {.id = "cookie-alone",
     .severity = Severity::high,
     .layer = Layer::authentication,
     .title = "A cookie alone authenticates a change",
     .why = "A browser also sends the cookie with requests that another site causes (cross-site request "
            "forgery).",
     .remedy = "Read the credential from a header, or give the cookie `SameSite=Strict` and require a second "
               "scheme in a header.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (is_safe(operation)) return;
           const std::string* name =
               name_of(found.policy(), operation, [](const AuthenticatorPolicy& authenticator) {
                 return authenticator.carrier == Carrier::cookie;
               });
           if (name != nullptr)
             found.add(operation,
                       fmt::format("the cookie of `{}` is enough for {}", *name, operation.method));
         }},
    {.id = "credential-in-query",
     .severity = Severity::medium,
     .layer = Layer::authentication,
     .title = "A credential is part of the URL",
     .why = "URLs are stored in browser histories, in the logs of proxies and in Referer fields. Gatehouse "
            "stores none of them, but other systems do.",
     .remedy = "Declare the scheme with `in: header`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const AuthenticatorPolicy& authenticator : policy.authenticators) {
             if (authenticator.carrier != Carrier::query) continue;
             found.whole(authenticator.settings->place, fmt::format("`{}` is the query parameter `{}`",
                                                                    authenticator.name, authenticator.field));
           }
         }},
    {.id = "token-of-any-type",
     .severity = Severity::low,
     .weighs = Weighs::data,
     .layer = Layer::authentication,
     .title = "An ID token may pass for an access token",
     .why = "Without `types`, tokens of type `JWT`, `at+jwt` and without a type are accepted. An issuer "
            "signs other tokens than access tokens with the same keys (RFC 8725 section 3.11).",
     .remedy = "Set the authenticator's `types: [at+jwt]` if the issuer writes `typ` (RFC 9068).",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const AuthenticatorPolicy& authenticator : policy.authenticators) {
             const policy::JwtSettings* const jwt = authenticator.settings->jwt();
             if (jwt == nullptr || !jwt->types.empty()) continue;
             found.whole(authenticator.settings->place,
                         fmt::format("`{}` has no `types`", authenticator.name));
           }
         }},
    {.id = "security-loosened",
     .severity = Severity::medium,
     .layer = Layer::authentication,
     .title = "The configuration admits callers whom the document refuses",
     .why = "Readers of the document take the operation for protected by the schemes that it names.",
     .remedy = "Remove the operation's `security` from the configuration, or change the document.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!is_loosened(*operation.api)) return;
           found.add(operation, operation.settings->place,
                     operation.api->security.empty() ? "a caller without credentials" : "other schemes");
         }},
    {.id = "authenticator-unused",
     .severity = Severity::low,
     .layer = Layer::authentication,
     .title = "No operation uses this authenticator",
     .why = "An unused authenticator is not monitored, and one line in a document gives it access.",
     .remedy = "Remove it, or name the scheme in the `security` of the intended operations.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (std::uint32_t i = 0; i < policy.authenticators.size(); ++i) {
             const auto asks = [&](const Operation& operation) {
               for (const policy::SchemeAlternative& alternative : operation.alternatives) {
                 for (const policy::SchemeUse& use : alternative) {
                   if (use.authenticator == i) return true;
                 }
               }
               return false;
             };
             if (std::any_of(policy.operations.begin(), policy.operations.end(), asks)) continue;
             found.whole(policy.authenticators[i].settings->place,
                         fmt::format("`{}`", policy.authenticators[i].name));
           }
         }},
};

}  // namespace

std::span<const Rule> authentication_rules() { return kAuthenticationRules; }

}  // namespace gatehouse::review
