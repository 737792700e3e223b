#include "policy/compile_authenticators.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "policy/environment.h"
#include "policy/known.h"
#include "policy/located_program.h"

namespace gatehouse::policy {
namespace {

class Authenticators {
 public:
  Authenticators(PolicySet& set, Problems& problems) : set_(set), problems_(problems) {}

  void run() {
    const cel::Environment claims = claims_environment();
    for (const auto& [name, authenticator] : set_.settings.authenticators) {
      AuthenticatorPolicy policy;
      policy.name = name;
      policy.settings = &authenticator;
      policy.index = static_cast<std::uint32_t>(set_.authenticators.size());
      const openapi::SecurityScheme* declared = nullptr;
      for (const auto& [api, called] : declarations(name)) {
        const openapi::SecurityScheme* const scheme = api->scheme(called);
        if (scheme == nullptr) continue;
        AuthenticatorPolicy here;
        read_carrier(*scheme, authenticator, here);
        if (declared != nullptr &&
            (here.carrier != policy.carrier || here.field != policy.field || here.forms != policy.forms)) {
          problems_.add(scheme->place,
                        fmt::format("the security scheme `{}` has another place in {}:{}; let the documents "
                                    "agree, or give one of the two another name and authenticator",
                                    called, declared->place.file, declared->place.line));
        }
        policy.carrier = here.carrier;
        policy.forms = std::move(here.forms);
        policy.field = std::move(here.field);
        policy.challenge = std::move(here.challenge);
        declared = scheme;
      }
      if (declared == nullptr) {
        const std::string meant = undecided_scheme_like(name);
        set_.settings.unread.insert("authenticators." + meant);
        problems_.add(
            authenticator.place,
            fmt::format("authenticators.{}: no OpenAPI document declares a securityScheme of that "
                        "name; {}",
                        name,
                        meant.empty() ? "give it the name of one in components.securitySchemes, or remove it"
                                      : fmt::format("did you mean `{}`?", meant)));
      }
      const ClaimTexts texts = std::visit([](const auto& type) { return type.claims(); }, authenticator.of);
      policy.id = claim_program(texts.id, claims);
      policy.roles = claim_program(texts.roles, claims);
      policy.scopes = claim_program(texts.scopes, claims);
      policy.tenant = claim_program(texts.tenant, claims);
      std::visit([&](const auto& type) { type.check(authenticator, set_.settings, problems_); },
                 authenticator.of);
      set_.authenticators.push_back(std::move(policy));
    }
    tell_people_apart();
    for (const auto& [name, why] : set_.settings.excluded_schemes) {
      if (std::ranges::any_of(set_.apis,
                              [&](const openapi::Api& api) { return api.scheme(name) != nullptr; }))
        continue;
      problems_.add(why.place, fmt::format("authenticators.{}: no OpenAPI document declares a securityScheme "
                                           "of that name; remove it",
                                           name));
    }
    for (const auto& [name, other] : set_.settings.same_schemes) {
      if (set_.settings.authenticators.contains(other.value)) continue;
      problems_.add(other.place,
                    fmt::format("authenticators.{}.same_as: there is no authenticator `{}`; {}", name,
                                other.value, known(keys_of(set_.settings.authenticators), other.value)));
    }
  }

 private:
  // The nearest name of a scheme that has no authenticator; empty: none is near.
  std::string undecided_scheme_like(const std::string& name) const {
    std::vector<std::string> names;
    for (const openapi::Api& api : set_.apis) {
      for (const openapi::SecurityScheme& scheme : api.security_schemes) {
        if (!set_.settings.authenticators.contains(scheme.name)) names.push_back(scheme.name);
      }
    }
    return std::string(doc::nearest(name, names));
  }

  // Where documents declare the scheme of an authenticator, and those that are the same.
  std::vector<std::pair<const openapi::Api*, std::string>> declarations(const std::string& name) const {
    std::vector<std::pair<const openapi::Api*, std::string>> all;
    for (const openapi::Api& api : set_.apis) {
      all.emplace_back(&api, name);
      for (const auto& [alias, other] : set_.settings.same_schemes) {
        if (other.value == name) all.emplace_back(&api, alias);
      }
    }
    return all;
  }
  using Source = std::string;  // names a source of ids; each of its ids means one principal

  // With `same_people_as` followed to its end.
  Source source_of(const Authenticator& authenticator) {
    const Authenticator* at = &authenticator;
    for (std::size_t steps = 0; at->same_people_as; ++steps) {
      const auto next = set_.settings.authenticators.find(at->same_people_as->value);
      if (next == set_.settings.authenticators.end() || steps > set_.settings.authenticators.size()) {
        problems_.add(at->same_people_as->place,
                      fmt::format("authenticators.{}: same_people_as names `{}`, which is {}", at->name,
                                  at->same_people_as->value,
                                  next == set_.settings.authenticators.end()
                                      ? "no authenticator"
                                      : "an authenticator that names this one itself; keep one of the two"));
        break;
      }
      at = &next->second;
    }
    return std::visit([](const auto& type) { return type.source(); }, at->of);
  }

  // One id is one principal: two sources that could give the same id have different prefixes, and none gives
  // an id that begins with a longer prefix of another. This holds within one source too: behind the prefixes
  // `user:` and `user:svc:`, the subjects `svc:ann` and `ann` of one issuer would be one id. Only the
  // operator writes ids whole, for keys, so that an id in the store of keys means one principal.
  void tell_people_apart() {
    std::vector<Source> sources;
    for (const AuthenticatorPolicy& one : set_.authenticators) sources.push_back(source_of(*one.settings));
    for (std::size_t i = 0; i < sources.size(); ++i) {
      AuthenticatorPolicy& one = set_.authenticators[i];
      const std::string& prefix = one.settings->prefix.value;
      if (set_.settings.is_unread("authenticators", one.settings->name)) continue;
      for (std::size_t k = 0; k < sources.size(); ++k) {
        if (set_.settings.is_unread("authenticators", set_.authenticators[k].settings->name)) continue;
        const bool same_source = sources[k] == sources[i];
        if (same_source && one.settings->takes_keys()) continue;
        const Authenticator& other = *set_.authenticators[k].settings;
        if (other.prefix.value.size() > prefix.size() && other.prefix.value.starts_with(prefix)) {
          one.foreign_prefixes.push_back(other.prefix.value);
        }
        if (same_source || k < i || other.prefix.value != prefix) continue;
        problems_.add(other.place,
                      fmt::format("authenticators.{0}: could give a caller the principal.id of a principal "
                                  "that {1} proves; state its own ids, such as `prefix: \"{2}:\"`, or that "
                                  "the two mean the same people: `same_people_as: {1}`",
                                  other.name, one.name, example_prefix(other)));
      }
    }
  }

  static std::string_view example_prefix(const Authenticator& authenticator) {
    return std::visit([](const auto& type) { return type.kExamplePrefix; }, authenticator.of);
  }

  std::optional<cel::Program> claim_program(const std::optional<PlacedText>* text,
                                            const cel::Environment& environment) {
    if (text == nullptr || !*text) return std::nullopt;
    return compile_at(**text, environment, cel::Type::dyn(), problems_);
  }

  void read_carrier(const openapi::SecurityScheme& scheme, const Authenticator& authenticator,
                    AuthenticatorPolicy& policy) {
    using Type = openapi::SecurityScheme::Type;
    const auto wrong = [&](std::string_view wanted) {
      problems_.add(authenticator.place,
                    fmt::format("authenticators.{}: the OpenAPI document declares this scheme as "
                                "another type; {}",
                                authenticator.name, wanted));
    };
    const bool is_authorization = scheme.type == Type::api_key && scheme.in == openapi::In::header &&
                                  equal_ignoring_case(scheme.parameter, "authorization");
    if (authenticator.auth_scheme && !is_authorization) {
      problems_.add(authenticator.auth_scheme->place,
                    fmt::format("authenticators.{}: auth_scheme goes with a security scheme of type: apiKey "
                                "whose header is Authorization; remove it",
                                authenticator.name));
    }
    const bool bearer = (scheme.type == Type::http && scheme.http_scheme == "bearer") ||
                        scheme.type == Type::oauth2 || scheme.type == Type::open_id_connect;
    const CredentialComes comes = std::visit([](const auto& type) { return type.kComes; }, authenticator.of);
    if (comes == CredentialComes::with_handshake) {
      policy.carrier = Carrier::certificate;
      policy.challenge = "Mutual";
      if (scheme.type != Type::mutual_tls) wrong("mtls goes with type: mutualTLS");
      return;
    }
    const auto in_authorization = [&](std::vector<AuthorizationForm> forms, std::string_view challenge) {
      policy.carrier = Carrier::bearer;
      policy.field = "authorization";
      policy.forms = std::move(forms);
      policy.challenge = challenge;
    };
    if (comes == CredentialComes::as_password) {
      // RFC 7617 section 2: the realm is required.
      in_authorization({AuthorizationForm::basic}, "Basic realm=\"api\"");
      if (scheme.type != Type::http || scheme.http_scheme != "basic")
        wrong("basic goes with type: http, scheme: basic");
      return;
    }
    if (bearer) return in_authorization({AuthorizationForm::bearer}, "Bearer");
    if (scheme.type != Type::api_key) {
      wrong(scheme.http_scheme == "basic"
                ? "HTTP Basic goes with `type: basic`, which takes an API key as the password"
                : "api_key and jwt go with type: apiKey, http bearer, oauth2 or openIdConnect");
      return;
    }
    if (is_authorization && authenticator.auth_scheme)
      return in_authorization({AuthorizationForm::named}, authenticator.auth_scheme->value);
    // As Swagger 2.0 declared bearer tokens; what clients send then has `Bearer` before it, or not.
    if (is_authorization)
      return in_authorization({AuthorizationForm::bearer, AuthorizationForm::bare}, "Bearer");
    policy.field = scheme.parameter;
    policy.challenge = "ApiKey";
    switch (scheme.in) {
      case openapi::In::header:
        policy.carrier = Carrier::header;
        std::transform(policy.field.begin(), policy.field.end(), policy.field.begin(), ascii_lower);
        break;
      case openapi::In::query: policy.carrier = Carrier::query; break;
      case openapi::In::cookie: policy.carrier = Carrier::cookie; break;
      case openapi::In::path: wrong("a credential cannot be part of a path"); break;
    }
  }

  PolicySet& set_;
  Problems& problems_;
};

}  // namespace

void compile_authenticators(PolicySet& set, Problems& problems) { Authenticators(set, problems).run(); }

}  // namespace gatehouse::policy
