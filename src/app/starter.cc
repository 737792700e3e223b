#include "app/starter.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "app/proposed_fields.h"
#include "app/proposed_operation.h"
#include "app/proposed_reading.h"
#include "app/table.h"
#include "app/yaml_text.h"
#include "base/strings.h"
#include "doc/source.h"
#include "http/characters.h"
#include "json/writer.h"
#include "review/purpose.h"

namespace gatehouse::app {
namespace {

using openapi::SecurityScheme;

// One line of a comment: nothing of the document's ends it.
std::string comment(std::string_view text) { return "# " + printable(text); }

// A scheme's text in the document, which the reader of documents does not need.
std::string_view scheme_text(const openapi::Api& api, const SecurityScheme& scheme, std::string_view key) {
  for (const auto& source : api.sources) {
    const auto schemes = source->root().pointer("/components/securitySchemes");
    const auto object = schemes ? schemes->find(scheme.name) : std::nullopt;
    if (object) return object->find_string(key).value_or("");
  }
  return {};
}

class Starter {
 public:
  Starter(const openapi::Api& api, const std::vector<StartingDocument>& documents)
      : api_(api), documents_(documents), permissions_(api) {
    for (const openapi::Operation& operation : api.operations) {
      if (!operation.gatehouse && closing(operation) == nullptr) grant(operation);
    }
    let_writers_read();
  }

  std::string text() {
    head();
    tls();
    authenticators();
    roles();
    limits();
    fields();
    operations();
    return std::move(out_);
  }

  std::string text_of(const std::vector<const openapi::Operation*>& operations) {
    held_by_.clear();
    line("# These roles need the permissions, too:");
    for (const openapi::Operation* const operation : operations) {
      if (closing(*operation) == nullptr) grant(*operation);
    }
    let_writers_read();
    for (const auto& [role, permissions] : held_by_)
      line(comment(fmt::format("  {}: {}", role, yaml_list(permissions, role.size() + 6))));
    line("operations:");
    for (const openapi::Operation* const operation : operations) one(*operation);
    return std::move(out_);
  }

 private:
  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }

  void grant(const openapi::Operation& operation) {
    const std::string permission = permissions_.of(operation);
    const bool asks =
        std::ranges::any_of(operation.security, [](const auto& alternative) { return !alternative.empty(); });
    if (operation.admits_anonymous()) {
      held_by_["anonymous"].insert(permission);
      if (!asks) return;
    }
    const std::string_view role = permission.contains(":admin:")  ? "administrator"
                                  : permission.ends_with(":read") ? "reader"
                                                                  : "writer";
    held_by_[std::string(role)].insert(permission);
  }

  // Callers that write look at the result.
  void let_writers_read() {
    const auto writer = held_by_.find("writer");
    const auto reader = held_by_.find("reader");
    if (writer == held_by_.end() || reader == held_by_.end()) return;
    std::set<std::string> read;
    for (const std::string& permission : writer->second)
      read.insert(permission.substr(0, permission.rfind(':')) + ":read");
    std::ranges::set_intersection(read, reader->second, std::inserter(writer->second, writer->second.end()));
  }

  void head() {
    line(comment("Gatehouse configuration for " + api_.title + "."));
    line("#");
    line(
        "# Decisions that only you can make are marked DECIDE. `gatehouse check` lists the missing decisions "
        "that keep the server");
    line("# from starting; `gatehouse review` lists weaknesses. Everything else is a proposal.");
    line();
    documents();
    line();
    line(
        "# DECIDE: who are the callers, and which data could they reach? `gatehouse review` compares every "
        "operation with it.");
    line(
        "# threat_model: {exposure: partner, data: sensitive}    # public|partner|internal; "
        "public|internal|sensitive");
    line();
    line("listen:");
    line("  https: \"0.0.0.0:8443\"");
    line("  admin: \"127.0.0.1:9443\"       # health and metrics: never on the public listener");
    line();
  }

  void documents() {
    if (documents_.size() == 1) return line(fmt::format("openapi: [{}]", yaml_text(documents_.front().file)));
    line("openapi:");
    for (const StartingDocument& document : documents_) {
      if (!document.strip.empty())
        line(comment("DECIDE: it has paths of a document before it. Clients tell them apart by `strip`, "
                     "`prefix` or `hosts`:")
                 .insert(0, "  "));
      std::string text = fmt::format("  - {{file: {}", yaml_text(document.file));
      if (!document.name.empty()) text += ", name: " + yaml_text(document.name);
      text += ", upstream: " + yaml_text(document.upstream);
      if (!document.strip.empty()) text += ", strip: " + yaml_text(document.strip);
      line(text + "}");
    }
  }

  void tls() {
    const bool certificates = std::ranges::any_of(api_.security_schemes, [](const SecurityScheme& scheme) {
      return scheme.type == SecurityScheme::Type::mutual_tls;
    });
    line(
        "# For a trial: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "
        "/CN=localhost \\");
    line("#   -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt");
    line("tls:");
    line("  certificate: server.crt");
    line("  private_key: file:server.key");
    if (certificates)
      line(
          "  client_ca: clients.crt        # DECIDE: which authorities certify clients? A file of their "
          "certificates");
    line();
    line("store: sqlite:gatehouse.db      # API keys and events");
    line();
    line(
        "# Where to report a vulnerability; Gatehouse publishes it at /.well-known/security.txt (RFC 9116):");
    line(
        "# security_txt: {contact: \"mailto:security@example.com\", expires: \"YYYY-MM-DDT00:00:00Z\"}    # "
        "within a year");
    line();
    line("upstreams:");
    for (const StartingDocument& document : documents_)
      line(fmt::format("  {}: {{url: {}}}", yaml_text(document.upstream), yaml_text(document.url)));
    line();
  }

  void authenticators() {
    if (api_.security_schemes.empty()) {
      line(
          "# DECIDE: how do callers authenticate? The document declares no securitySchemes, so every "
          "operation");
      line(
          "# is public. Declare a scheme here, and require it with `security: [{partnerKey: []}]` in "
          "`defaults`:");
      line("# security_schemes:");
      line("#   partnerKey: {type: apiKey, in: header, name: X-API-Key}");
      line("# authenticators:");
      line("#   partnerKey: {type: api_key}");
      line();
      return;
    }
    line("authenticators:                # by the names of the document's securitySchemes");
    for (const SecurityScheme& scheme : api_.security_schemes) authenticator(scheme);
    line();
  }

  static std::string unsupported(const SecurityScheme& scheme) {
    return fmt::format("HTTP {} is not supported", scheme.http_scheme);
  }

  // A scheme without an authenticator, if every alternative of the operation requires one; or null.
  const SecurityScheme* closing(const openapi::Operation& operation) const {
    const SecurityScheme* found = nullptr;
    for (const openapi::SecurityAlternative& alternative : operation.security) {
      const auto closes = [&](const openapi::SecurityNeed& need) {
        const SecurityScheme* const scheme = api_.scheme(need.scheme);
        return scheme != nullptr && !is_taken(*scheme);
      };
      const auto need = std::ranges::find_if(alternative, closes);
      if (need == alternative.end()) return nullptr;
      found = api_.scheme(need->scheme);
    }
    return found;
  }

  // Whether there is an authenticator for it.
  static bool is_taken(const SecurityScheme& scheme) {
    return scheme.type != SecurityScheme::Type::http || scheme.http_scheme == "bearer" ||
           scheme.http_scheme == "basic";
  }

  void authenticator(const SecurityScheme& scheme) {
    using Type = SecurityScheme::Type;
    const std::string name = yaml_text(scheme.name);
    if (const SecurityScheme* const same = joined_in_place(scheme)) {
      line("  # DECIDE: the document asks for both together, in one place. Does one credential prove both?");
      return line(fmt::format("  {}: {{same_as: {}}}", name, yaml_text(same->name)));
    }
    switch (scheme.type) {
      case Type::api_key:
        line(fmt::format("  {}: {{type: api_key{}{}}}     # keys that `gatehouse key create` makes", name,
                         inline_prefix("partner"), inline_auth_scheme(scheme)));
        return;
      case Type::mutual_tls:
        line(fmt::format("  {}: {{type: mtls{}}}", name, inline_prefix("certificate")));
        return;
      case Type::oauth2:
      case Type::open_id_connect: token(scheme); return;
      case Type::http: break;
    }
    if (!is_taken(scheme)) {
      line("  " +
           comment(fmt::format("DECIDE: `{}` is HTTP {}, which Gatehouse does not support. No caller can "
                               "use it; or declare",
                               scheme.name, scheme.http_scheme)));
      line("  # apiKey, http bearer or basic, oauth2, openIdConnect or mutualTLS in the document instead.");
      line(fmt::format("  {}: {{exclude: {}}}", name, yaml_text(unsupported(scheme))));
    } else if (scheme.http_scheme == "basic") {
      line(fmt::format("  {}: {{type: basic{}}}     # keys that `gatehouse key create` makes, as passwords",
                       name, inline_prefix("partner")));
    } else if (review::words_of(scheme_text(api_, scheme, "bearerFormat")).contains(" jwt ")) {
      token(scheme);
    } else {
      line(
          "  # DECIDE: bearer tokens are either keys of `gatehouse key create`, or an issuer's JWTs: {type: "
          "jwt, issuer: …, …}");
      line(fmt::format("  {}: {{type: api_key{}}}", name, inline_prefix("partner")));
    }
  }

  // The first scheme that is asked for together with this one and has the same place; null: none before it.
  const SecurityScheme* joined_in_place(const SecurityScheme& scheme) const {
    const auto place_of = [](const SecurityScheme& one) {
      using Type = SecurityScheme::Type;
      if (one.type == Type::api_key) return fmt::format("{} {}", openapi::name(one.in), one.parameter);
      // No credential is both of this form and of another one.
      if (one.type == Type::http && one.http_scheme == "basic")
        return std::string("header Authorization, Basic");
      return std::string(one.type == Type::mutual_tls ? "certificate" : "header Authorization");
    };
    const auto has = [](const openapi::SecurityAlternative& alternative, const SecurityScheme& one) {
      return std::ranges::find(alternative, one.name, &openapi::SecurityNeed::scheme) != alternative.end();
    };
    for (const SecurityScheme& other : api_.security_schemes) {
      if (&other == &scheme) return nullptr;
      if (!is_taken(other) || !is_taken(scheme) || place_of(other) != place_of(scheme)) continue;
      for (const openapi::Operation& operation : api_.operations) {
        if (std::ranges::any_of(operation.security, [&](const openapi::SecurityAlternative& alternative) {
              return has(alternative, scheme) && has(alternative, other);
            }))
          return &other;
      }
    }
    return nullptr;
  }

  // Two sources must not give one id to two callers: where there are several, ids say whose they are.
  std::string inline_prefix(std::string_view prefix) const {
    const auto taken = std::ranges::count_if(api_.security_schemes, is_taken);
    return taken > 1 ? fmt::format(", prefix: \"{}:\"", prefix) : std::string();
  }

  // The word before the key, as drf-spectacular describes it: `with required prefix "Token"`.
  std::string inline_auth_scheme(const SecurityScheme& scheme) const {
    constexpr std::string_view kBefore = "prefix \"";
    const std::string_view description = scheme_text(api_, scheme, "description");
    const auto at = description.find(kBefore);
    if (at == description.npos || scheme.in != openapi::In::header ||
        !equal_ignoring_case(scheme.parameter, "authorization"))
      return {};
    const std::string_view behind = description.substr(at + kBefore.size());
    const std::string_view word = behind.substr(0, behind.find('"'));
    if (word.empty() || word.size() == behind.size() || equal_ignoring_case(word, "bearer") ||
        equal_ignoring_case(word, "basic") || http::token_end(word.data(), 0, word.size()) != word.size())
      return {};
    return ", auth_scheme: " + yaml_text(word);
  }

  void token(const SecurityScheme& scheme) {
    std::string issuer = "https://idp.example.com/";
    constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";
    if (const auto url = scheme_text(api_, scheme, "openIdConnectUrl"); url.ends_with(kWellKnown)) {
      issuer = url.substr(0, url.size() - kWellKnown.size());
    }
    line(fmt::format("  {}:", yaml_text(scheme.name)));
    line("    type: jwt");
    line("    algorithms: [ES256, EdDSA, RS256, PS256]");
    // The first issuer's people have the names that it gives them; those of the others begin otherwise.
    if (std::exchange(has_issuer_, true)) line(fmt::format("    prefix: \"{}:\"", scheme.name));
    line(
        "    # DECIDE: which issuer makes the tokens, with which audience for this API, and where are the "
        "issuer's keys?");
    line("    # issuer: " + yaml_text(issuer));
    line("    # audience: " + (slug(api_.title).empty() ? std::string("api") : slug(api_.title)));
    line("    # jwks: https://idp.example.com/jwks.json    # or file:keys.json");
    line("    # roles: claims.roles                        # the claim with the roles, if tokens have one");
  }

  void roles() {
    if (held_by_.empty()) return;
    line(
        "# DECIDE: which permissions does each role have? These roles are a start: adapt them to your "
        "callers.");
    line("roles:");
    for (const auto& [role, permissions] : held_by_) {
      const std::string key = fmt::format("  {}: ", role);
      line(fmt::format("{}{}{}", key, yaml_list(permissions, key.size()),
                       role == "anonymous" ? "  # callers without credentials" : ""));
    }
    line();
  }

  void limits() {
    line("# DECIDE: how many requests? These limits suit people and small services.");
    line("limits:");
    line("  per_ip: {per: ip, rate: 120/min, burst: 40}");
    line("  per_principal: {per: principal, rate: 600/min, burst: 100}");
    line("  costly: {per: principal, rate: 10/min, burst: 5}      # exports, searches, administration");
    line(
        "  attempts: {per: ip, rate: 10/min, burst: 5}           # signing in and recovery; add one such as "
        "{per: lower(body.email), rate: 5/min}");
    line();
    std::string acting;
    for (const std::string& name : joined_schemes()) {
      acting += (acting.empty() ? "principal: [" : ", ") + yaml_text(name);
    }
    if (!acting.empty()) {
      acting += "], ";
      line(
          "# DECIDE: if the document requires several schemes together, which one gives principal.id? The "
          "first of these.");
    }
    const std::string types = media_types();
    if (!types.empty())
      line(
          "# DECIDE: the document has media types that cannot be checked. Bodies of these types are "
          "accepted, others get 415:");
    const ProposedReading reading = proposed_reading(api_);
    for (const std::string& decision : reading.decisions) line(decision);
    line(fmt::format("defaults: {{limits: [per_ip, per_principal], {}{}{}{}body: 64KiB, timeout: 10s}}",
                     documents_.size() == 1 ? "upstream: backend, " : "", acting, types, reading.settings));
    line();
  }

  static std::set<std::string> taken_by(const openapi::RequestBody& body) {
    std::set<std::string> taken;
    for (const openapi::Content& one : body.content) taken.insert(one.type);
    return taken;
  }

  // Those that can be taken, where there are others; otherwise nothing has to be said.
  std::string media_types() {
    bool all = true;
    for (const openapi::Operation& operation : api_.operations) {
      if (!operation.body) continue;
      all = all && operation.body->untaken.empty();
      taken_.merge(taken_by(*operation.body));
    }
    return all ? std::string() : "media_types: " + yaml_list(taken_, 0) + ", ";
  }

  // The schemes that are asked for together with others: people before machines, keys last.
  std::vector<std::string> joined_schemes() const {
    using Type = SecurityScheme::Type;
    std::vector<std::string> tokens, others;
    for (const SecurityScheme& scheme : api_.security_schemes) {
      const bool joined = std::ranges::any_of(api_.operations, [&](const openapi::Operation& operation) {
        return std::ranges::any_of(operation.security, [&](const openapi::SecurityAlternative& alternative) {
          return alternative.size() > 1 &&
                 std::ranges::any_of(alternative, [&](const openapi::SecurityNeed& need) {
                   return need.scheme == scheme.name;
                 });
        });
      });
      if (!joined || !is_taken(scheme)) continue;
      (scheme.type == Type::api_key || scheme.type == Type::mutual_tls ? others : tokens)
          .push_back(scheme.name);
    }
    tokens.insert(tokens.end(), others.begin(), others.end());
    return tokens;
  }

  void fields() {
    const MentionedFields found = mentioned_fields(api_);
    if (!found.undeclared.empty()) {
      line(
          "# DECIDE: the document mentions these header fields without declaring them, so they are not "
          "forwarded to the upstream.");
      line(
          "# Declare each as a parameter of the operations that use it, or state its allowed values here, "
          "for all operations:");
      line("# fields:");
      line("#   forward:");
      for (const std::string& name : found.undeclared) line("#     - " + forwarded_entry(name));
      line();
    }
    for (const std::string& name : found.gatehouses) {
      line(comment(name + " cannot be forwarded: the upstream gets Gatehouse's own, the correlation id."));
      line();
    }
  }

  void operations() {
    line(
        "# DECIDE, for each path that names an object: who owns it? A `resource` finds it, a `when` decides, "
        "other callers get 404:");
    line("#   getOrder:");
    line("#     permission: orders:read");
    line(
        "#     resource: {upstream: {path: \"/internal/orders/{path.id}\"}, attributes: {customer: string}}");
    line("#     when: resource.customer == principal.id");
    line("operations:");
    for (const openapi::Operation& operation : api_.operations) {
      if (operation.gatehouse) {
        line(comment(fmt::format("{}: its policy is in the document (x-gatehouse)", operation.title())));
        continue;
      }
      one(operation);
    }
    line();
    line("log: [stdout]");
  }

  void one(const openapi::Operation& operation) {
    const std::string key = fmt::format("  {}: {{", yaml_text(operation.name()));
    if (const SecurityScheme* const scheme = closing(operation)) {
      const std::string why = fmt::format("requires {}: {}", scheme->name, unsupported(*scheme));
      return line(fmt::format("{}exclude: {}}}", key, yaml_text(why)));
    }
    std::vector<std::string> fields{"permission: " + yaml_text(permissions_.of(operation))};
    if (const std::string limit = proposed_limits(operation); !limit.empty()) fields.push_back(limit);
    if (const std::string word = proposed_sensitive(operation); !word.empty())
      fields.push_back("sensitive: " + word);
    // What cannot be taken here can be elsewhere.
    const auto is_taken_elsewhere = [&](const openapi::UntakenType& one) {
      return taken_.contains(one.type);
    };
    if (operation.body && std::ranges::any_of(operation.body->untaken, is_taken_elsewhere))
      fields.push_back("media_types: " + yaml_list(taken_by(*operation.body), 0));
    if (operation.admits_anonymous()) {
      line(
          "  # DECIDE: public in the document. Require a credential here, security: [{NAME: []}], or give "
          "the "
          "reason: public: \"…\"");
    }
    std::string text = key;
    for (const std::string& field : fields) text += (text.ends_with('{') ? "" : ", ") + field;
    text += "}";
    if (!operation.id.empty()) text += "   " + comment(operation.title());
    line(text);
  }

  const openapi::Api& api_;
  const std::vector<StartingDocument>& documents_;
  ProposedPermissions permissions_;
  std::map<std::string, std::set<std::string>> held_by_;
  std::string out_;
  std::set<std::string> taken_;  // media types, under `defaults`
  bool has_issuer_ = false;      // an authenticator for tokens was written
};

}  // namespace

std::string starter(const openapi::Api& api, const std::vector<StartingDocument>& documents) {
  return Starter(api, documents).text();
}

std::string starter_of(const openapi::Api& api, const std::vector<const openapi::Operation*>& operations) {
  return Starter(api, {}).text_of(operations);
}

}  // namespace gatehouse::app
