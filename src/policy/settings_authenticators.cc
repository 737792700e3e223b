#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "crypto/algorithm.h"
#include "crypto/distinguished_name.h"
#include "http/characters.h"
#include "http/uri.h"
#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {
namespace {

using doc::as_boolean;
using doc::as_field;
using doc::as_texts;
using doc::Choice;
using doc::Field;

// Whether the content of a URL can be trusted: by TLS, or because it stays on the machine. A name is not an
// address, however it begins: 127.evil.example.
bool is_safe_url(std::string_view text) {
  const auto url = http::parse_url(text);
  if (!url) return false;
  if (url->scheme == http::Scheme::https) return true;
  const auto address = IpAddress::parse(url->host);
  return address && address->is_loopback();
}

// By the word of `type`.
using ReadAuthenticator = AuthenticatorSettings (*)(ConfiguredObject& object, const std::string& directory);
template <typename... Types>
constexpr std::array<Choice<ReadAuthenticator>, sizeof...(Types)> readers(
    std::type_identity<std::variant<Types...>>) {
  return {{{Types::kType, [](ConfiguredObject& object, const std::string& directory) {
              return AuthenticatorSettings(Types::read(object, directory));
            }}...}};
}
constexpr auto kAuthenticators = readers(std::type_identity<AuthenticatorSettings>());

// A name of an authentication scheme (RFC 9110 section 11.1) of the operator's own.
bool is_auth_scheme(std::string_view text) {
  return !text.empty() && text.size() <= 64 && http::token_end(text.data(), 0, text.size()) == text.size() &&
         !equal_ignoring_case(text, "bearer") && !equal_ignoring_case(text, "basic");
}

constexpr auto as_texts_or_one = [](const Field& field) {
  std::vector<std::string> texts;
  for (PlacedText& text : placed_list(field)) texts.push_back(std::move(text.value));
  return std::optional(std::move(texts));
};

// Told before anything else is asked: without such a token the other keys have no meaning.
bool refuse_shared_secrets(KeyReader<keys::kJwt>& in) {
  const auto algorithms = in.take("algorithms");
  if (!algorithms || !(algorithms->is_text() || algorithms->is_list())) return false;
  for (const Field& one : algorithms->list_or_one()) {
    const std::string_view name = one.is_text() ? one.value().string() : std::string_view();
    if (!equal_ignoring_case(name.substr(0, 2), "HS")) continue;
    one.problem(
        fmt::format("`{}` signs with a shared secret, with which each verifier could sign too; let the "
                    "issuer sign with a key pair, such as ES256 or RS256, and name its public keys with "
                    "`jwks`",
                    name));
    return true;
  }
  return false;
}

// The type of a credential, for the words of OpenAPI and others.
std::string meant_by(const Field& type) {
  const std::string_view word = type.is_text() ? type.value().string() : std::string_view();
  for (const std::string_view one : {"bearer", "oauth2", "oidc", "openIdConnect", "http"}) {
    if (word == one)
      return "; tokens that an issuer signs are `jwt`, keys of `gatehouse key create` are `api_key`";
  }
  return {};
}

bool is_prefix(std::string_view text) {
  return text.size() <= 64 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

JwtSettings JwtSettings::read(ConfiguredObject& object, const std::string& directory) {
  KeyReader<keys::kJwt> in(object);
  if (refuse_shared_secrets(in)) {
    in.give_up();
    return {};
  }
  JwtSettings jwt;
  jwt.issuer = in.required("issuer", as_placed);
  if (const auto audience = in.optional("audience", as_field)) {
    for (auto& text : placed_list(*audience)) jwt.audiences.push_back(std::move(text.value));
    if (jwt.audiences.empty())
      in.problem("audience",
                 "is empty, so no token would be valid; set it to the name that the issuer gives this API");
  } else {
    in.missing("audience");
  }
  jwt.jwks = in.required("jwks", as_placed);
  if (jwt.jwks.value.starts_with("file:")) {
    jwt.jwks.value = "file:" + absolute(directory, std::string_view(jwt.jwks.value).substr(5));
  } else if (!jwt.jwks.value.empty() && !is_safe_url(jwt.jwks.value)) {
    in.problem("jwks", "must be file:PATH or an https:// URL (http:// only to a loopback address)");
  }
  jwt.algorithms = in.required("algorithms", as_texts_or_one);
  if (in.has("algorithms") && jwt.algorithms.empty())
    in.problem("algorithms", "is empty; name the issuer's algorithms, such as [ES256]");
  jwt.roles = in.optional("roles", as_placed);
  jwt.scopes = in.optional("scopes", as_placed);
  jwt.tenant = in.optional("tenant", as_placed);
  if (const auto types = in.optional("types", as_texts)) jwt.types = *types;
  jwt.leeway = in.optional("leeway", as_duration).value_or(jwt.leeway);
  jwt.jwks_ca = in.optional("jwks_ca", as_file(directory)).value_or(PlacedText());
  jwt.stale = in.optional("stale", as_duration).value_or(jwt.stale);
  return jwt;
}

MutualTlsSettings MutualTlsSettings::read(ConfiguredObject& object, const std::string&) {
  KeyReader<keys::kMutualTls> in(object);
  MutualTlsSettings settings;
  if (const auto issuers = in.optional("issuers", as_placed_list)) settings.issuers = *issuers;
  settings.id = in.optional("id", as_placed);
  settings.roles = in.optional("roles", as_placed);
  settings.tenant = in.optional("tenant", as_placed);
  return settings;
}

std::string ApiKeySettings::source() const {
  return "keys";  // the operator names their principals in one store
}
std::string ApiKeySettings::proof() const { return "key"; }

std::string BasicSettings::source() const { return ApiKeySettings().source(); }
std::string BasicSettings::proof() const { return ApiKeySettings().proof(); }

std::string JwtSettings::source() const { return "tokens " + issuer.value; }
std::string JwtSettings::proof() const { return "token " + issuer.value; }
void JwtSettings::check(const Authenticator& authenticator, const Settings&, Problems& problems) const {
  for (const std::string& name : algorithms) {
    if (crypto::parse_algorithm(name)) continue;
    std::string capitals = name;
    std::ranges::transform(capitals, capitals.begin(), [](char c) {
      return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    problems.add(
        authenticator.place,
        crypto::parse_algorithm(capitals)
            ? fmt::format("authenticators.{}: write the algorithm `{}` in capitals: {}", authenticator.name,
                          name, capitals)
            : fmt::format("authenticators.{}: `{}` is not a supported algorithm for tokens; use ES256, "
                          "ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384 or PS512",
                          authenticator.name, name));
  }
}

// One attribute of the certificates of one set of authorities: a common name and an e-mail address are not
// names of one kind.
std::string MutualTlsSettings::source() const {
  std::vector<std::string> names;
  for (const PlacedText& issuer : issuers) names.push_back(crypto::canonical_name(issuer.value));
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return fmt::format("certificates {}\n{}", id ? id->value : "claims.subject", fmt::join(names, "\n"));
}
std::string MutualTlsSettings::proof() const { return "certificate"; }
void MutualTlsSettings::check(const Authenticator& authenticator, const Settings& settings,
                              Problems& problems) const {
  if (!settings.tls.client_ca.value.empty()) return;
  problems.add(authenticator.place,
               fmt::format("authenticators.{}: mutual TLS needs the authorities of clients; name their file "
                           "with tls.client_ca",
                           authenticator.name));
}

Authenticator read_authenticator(std::string name, const Field& field, const std::string& directory) {
  ConfiguredObject object(field, keys::kAuthenticator);
  KeyReader<keys::kAuthenticator> in(object);
  Authenticator authenticator;
  authenticator.name = std::move(name);
  authenticator.place = field.place();
  authenticator.prefix = in.optional("prefix", as_placed).value_or(PlacedText());
  if (!is_prefix(authenticator.prefix.value))
    in.problem("prefix", "must be at most 64 visible ASCII characters, such as \"partner:\"");
  authenticator.same_people_as = in.optional("same_people_as", as_placed);
  const auto read = in.optional("type", [](const Field& type) -> std::optional<ReadAuthenticator> {
    if (const std::string meant = meant_by(type); !meant.empty()) {
      type.problem("must be `api_key`, `basic`, `jwt` or `mtls`, not `" + std::string(type.value().string()) +
                   "`" + meant);
      return std::nullopt;
    }
    return type.one_of<ReadAuthenticator>(kAuthenticators);
  });
  if (!in.has("type")) in.missing("type");
  if (!read) return authenticator;  // which other keys there may be is not known
  authenticator.of = (*read)(object, directory);
  const CredentialComes comes = std::visit([](const auto& type) { return type.kComes; }, authenticator.of);
  authenticator.auth_scheme = in.optional("auth_scheme", as_placed);
  if (authenticator.auth_scheme && !is_auth_scheme(authenticator.auth_scheme->value)) {
    in.problem("auth_scheme",
               "must be a word such as Token; without it `Bearer` stands before the credential, and `type: "
               "basic` takes `Basic`");
  }
  if (comes != CredentialComes::with_handshake && in.optional("forward", as_boolean).value_or(false))
    authenticator.credential = CredentialEnd::upstream;
  in.finish();
  return authenticator;
}

}  // namespace gatehouse::policy
