#include "policy/compile_authenticators.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/overloaded.h"
#include "base/strings.h"
#include "crypto/algorithm.h"
#include "crypto/distinguished_name.h"
#include "policy/environment.h"
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
      for (const openapi::Api& api : set_.apis) {
        const openapi::SecurityScheme* const scheme = api.scheme(name);
        if (scheme == nullptr) continue;
        AuthenticatorPolicy here;
        read_carrier(*scheme, authenticator, here);
        if (declared != nullptr && (here.carrier != policy.carrier || here.field != policy.field)) {
          problems_.add(scheme->place,
                        fmt::format("the security scheme `{}` travels elsewhere in {}:{}; let the documents "
                                    "agree, or give one of the two another name and authenticator",
                                    name, declared->place.file, declared->place.line));
        }
        policy.carrier = here.carrier;
        policy.field = std::move(here.field);
        policy.challenge = std::move(here.challenge);
        declared = scheme;
      }
      if (declared == nullptr) {
        problems_.add(authenticator.place,
                      fmt::format("authenticators.{}: no OpenAPI document declares a securityScheme of that "
                                  "name; give it the name of one in components.securitySchemes, or remove it",
                                  name));
      }
      compile_type(authenticator, claims, policy);
      set_.authenticators.push_back(std::move(policy));
    }
    tell_people_apart();
  }

 private:
  void compile_type(const Authenticator& authenticator, const cel::Environment& claims,
                    AuthenticatorPolicy& policy) {
    const Overloaded compile{
        [](const ApiKeySettings&) {},
        [&](const JwtSettings& jwt) {
          check_algorithms(authenticator, jwt);
          policy.roles = claim_program(jwt.roles, claims);
          policy.scopes = claim_program(jwt.scopes, claims);
          policy.tenant = claim_program(jwt.tenant, claims);
        },
        [&](const MutualTlsSettings& mutual_tls) {
          if (set_.settings.tls.client_ca.value.empty()) {
            problems_.add(authenticator.place,
                          fmt::format("authenticators.{}: mutual TLS needs the authorities of clients; name "
                                      "their file with tls.client_ca",
                                      authenticator.name));
          }
          policy.id = claim_program(mutual_tls.id, claims);
          policy.roles = claim_program(mutual_tls.roles, claims);
          policy.tenant = claim_program(mutual_tls.tenant, claims);
        },
    };
    std::visit(compile, authenticator.of);
  }

  using Source = std::string;  // names who gives ids that mean one principal each

  // Where an authenticator's ids come from. Keys have one source, because the operator names their principals
  // in one store; so do the tokens of one issuer, and one attribute of the certificates of one set of
  // authorities: a common name and an e-mail address are not names of one kind.
  static Source own_source(const Authenticator& authenticator) {
    const Overloaded source{
        [](const ApiKeySettings&) { return std::string("keys"); },
        [](const JwtSettings& jwt) { return "tokens " + jwt.issuer.value; },
        [](const MutualTlsSettings& mutual_tls) {
          std::vector<std::string> issuers;
          for (const PlacedText& issuer : mutual_tls.issuers)
            issuers.push_back(crypto::canonical_name(issuer.value));
          std::ranges::sort(issuers);
          issuers.erase(std::unique(issuers.begin(), issuers.end()), issuers.end());
          return fmt::format("certificates {}\n{}", mutual_tls.id ? mutual_tls.id->value : "claims.subject",
                             fmt::join(issuers, "\n"));
        },
    };
    return std::visit(source, authenticator.of);
  }

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
                                      : "an authenticator that says the same of this one; keep one of them"));
        break;
      }
      at = &next->second;
    }
    return own_source(*at);
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
      for (std::size_t k = 0; k < sources.size(); ++k) {
        const bool same_source = sources[k] == sources[i];
        if (same_source && one.settings->api_key() != nullptr) continue;
        const Authenticator& other = *set_.authenticators[k].settings;
        if (other.prefix.value.size() > prefix.size() && other.prefix.value.starts_with(prefix)) {
          one.foreign_prefixes.push_back(other.prefix.value);
        }
        if (same_source || k < i || other.prefix.value != prefix) continue;
        problems_.add(
            other.place,
            fmt::format("authenticators.{0}: could give a caller the principal.id of somebody whom {1} "
                        "proves; say which ids are its own, such as `prefix: \"{2}:\"`, or that the two "
                        "mean the same people: `same_people_as: {1}`",
                        other.name, one.name, example_prefix(other)));
      }
    }
  }

  static std::string_view example_prefix(const Authenticator& authenticator) {
    using Text = std::string_view;
    return std::visit(Overloaded{[](const ApiKeySettings&) { return Text("partner"); },
                                 [](const JwtSettings&) { return Text("user"); },
                                 [](const MutualTlsSettings&) { return Text("certificate"); }},
                      authenticator.of);
  }

  std::optional<cel::Program> claim_program(const std::optional<PlacedText>& text,
                                            const cel::Environment& environment) {
    if (!text) return std::nullopt;
    return compile_at(*text, environment, cel::Type::dyn(), problems_);
  }

  void check_algorithms(const Authenticator& authenticator, const JwtSettings& jwt) {
    for (const std::string& name : jwt.algorithms) {
      if (crypto::parse_algorithm(name)) continue;
      problems_.add(
          authenticator.place,
          fmt::format("authenticators.{}: `{}` is no algorithm for tokens here; use ES256, ES384, ES512, "
                      "EdDSA, RS256, RS384, RS512, PS256, PS384 or PS512",
                      authenticator.name, name));
    }
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
    const bool bearer = (scheme.type == Type::http && scheme.http_scheme == "bearer") ||
                        scheme.type == Type::oauth2 || scheme.type == Type::open_id_connect;
    const bool by_certificate = std::visit(
        Overloaded{[](const ApiKeySettings&) { return false; }, [](const JwtSettings&) { return false; },
                   [](const MutualTlsSettings&) { return true; }},
        authenticator.of);
    if (by_certificate) {
      policy.carrier = Carrier::certificate;
      policy.challenge = "Mutual";
      if (scheme.type != Type::mutual_tls) wrong("mtls goes with type: mutualTLS");
      return;
    }
    if (bearer) {
      policy.carrier = Carrier::bearer;
      policy.field = "authorization";
      policy.challenge = "Bearer";
      return;
    }
    if (scheme.type != Type::api_key) {
      wrong("api_key and jwt go with type: apiKey, http bearer, oauth2 or openIdConnect");
      return;
    }
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
