#include "policy/compile_authenticators.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "crypto/algorithm.h"
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
      bool declared = false;
      for (const openapi::Api& api : set_.apis) {
        if (const openapi::SecurityScheme* scheme = api.scheme(name)) {
          declared = true;
          read_carrier(*scheme, authenticator, policy);
        }
      }
      if (!declared) {
        problems_.add(authenticator.place,
                      fmt::format("authenticators.{}: no OpenAPI document declares a securityScheme of that "
                                  "name; give it the name of one in components.securitySchemes, or remove it",
                                  name));
      }
      if (authenticator.kind == AuthenticatorKind::jwt) {
        check_algorithms(authenticator);
        policy.roles = claim_program(authenticator.jwt.roles, claims);
        policy.scopes = claim_program(authenticator.jwt.scopes, claims);
        policy.tenant = claim_program(authenticator.jwt.tenant, claims);
      }
      if (authenticator.kind == AuthenticatorKind::mutual_tls) {
        if (set_.settings.tls.client_ca.value.empty()) {
          problems_.add(authenticator.place,
                        fmt::format("authenticators.{}: mutual TLS needs the authorities of clients; name "
                                    "their file with tls.client_ca",
                                    name));
        }
        policy.id = claim_program(authenticator.mutual_tls.id, claims);
        policy.roles = claim_program(authenticator.mutual_tls.roles, claims);
        policy.tenant = claim_program(authenticator.mutual_tls.tenant, claims);
      }
      set_.authenticators.push_back(std::move(policy));
    }
  }

 private:
  std::optional<cel::Program> claim_program(const std::optional<PlacedText>& text,
                                            const cel::Environment& environment) {
    if (!text) return std::nullopt;
    return compile_at(*text, environment, cel::Type::dyn(), problems_);
  }

  void check_algorithms(const Authenticator& authenticator) {
    for (const std::string& name : authenticator.jwt.algorithms) {
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
    switch (authenticator.kind) {
      case AuthenticatorKind::mutual_tls:
        policy.carrier = Carrier::certificate;
        policy.challenge = "Mutual";
        if (scheme.type != Type::mutual_tls) wrong("mtls goes with type: mutualTLS");
        return;
      case AuthenticatorKind::jwt:
      case AuthenticatorKind::api_key: break;
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
