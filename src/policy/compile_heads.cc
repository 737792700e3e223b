#include "policy/compile_heads.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/problems.h"
#include "base/strings.h"
#include "http/characters.h"
#include "http/host.h"
#include "http/name_folding.h"
#include "http/uri.h"
#include "openapi/pairs.h"
#include "policy/compile_set.h"

namespace gatehouse::policy {
namespace {

bool same_place(const AuthenticatorPolicy& a, const AuthenticatorPolicy& b) {
  return a.carrier == b.carrier && a.field == b.field;
}

// A field that Gatehouse must understand itself cannot be a credential's.
bool may_carry(const http::FieldId id) {
  using enum http::FieldId;
  return id == authorization || id == dpop ||
         (http::to_upstream(id) != http::ToUpstream::ends_here && id != cookie && id != content_type);
}

const std::string kAuthorization = "Authorization";

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}
void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!has(names, name)) names.push_back(name);
}
bool has(const std::vector<FieldName>& names, const FieldName& name) {
  return std::ranges::any_of(names,
                             [&](const FieldName& one) { return equal_ignoring_case(one.text, name.text); });
}

// The authenticator whose credential is at this place and is not forwarded; null if there is none.
const AuthenticatorPolicy* credential_at(const PolicySet& set, Carrier carrier, std::string_view name) {
  for (const AuthenticatorPolicy& one : set.authenticators) {
    const bool same = carrier == Carrier::cookie ? one.field == name : equal_ignoring_case(one.field, name);
    if (one.carrier == carrier && same && one.settings->credential != CredentialEnd::upstream) return &one;
  }
  return nullptr;
}

// The authenticator for whose place an upstream may take the name although it is another: the gates refuse
// every request that has it (docs/upstreams.md, "Names that mean the same to an upstream"). Null: none.
const AuthenticatorPolicy* taken_for_credential(const PolicySet& set, Carrier carrier,
                                                std::string_view name) {
  for (const AuthenticatorPolicy& one : set.authenticators) {
    if (one.carrier != carrier) continue;
    using Kind = http::GuardedNames::Kind;
    http::GuardedNames names(carrier == Carrier::cookie ? Kind::cookies : Kind::fields);
    names.add(one.field);
    if (names.taken_for(name)) return &one;
  }
  return nullptr;
}

void add_forwarded(std::vector<ForwardedCredential>& into, const AuthenticatorPolicy& one) {
  using Place = ForwardedCredential::Place;
  const Place place = one.carrier == Carrier::query    ? Place::pair
                      : one.carrier == Carrier::cookie ? Place::cookie
                                                       : Place::field;
  const std::string& name = one.carrier == Carrier::bearer ? kAuthorization : one.field;
  const auto same = std::ranges::find_if(into, [&](const ForwardedCredential& other) {
    return other.place == place &&
           (place == Place::field ? equal_ignoring_case(other.name.text, name) : other.name.text == name);
  });
  if (same != into.end()) {
    same->authenticators.push_back(one.index);
  } else {
    into.push_back({place, FieldName(name), {one.index}});
  }
}

// Why this name cannot go on, where it is a credential's or could be taken for one.
std::optional<std::string> clash_with_credential(const PolicySet& set, Carrier carrier,
                                                 std::string_view name) {
  if (const AuthenticatorPolicy* one = credential_at(set, carrier, name)) {
    return fmt::format(
        "carries the credential of `{}`, which is not forwarded; remove it, or use `forward: true` there",
        one->name);
  }
  if (const AuthenticatorPolicy* alike = taken_for_credential(set, carrier, name)) {
    return fmt::format(
        "can be confused with `{}`, which carries the credential of `{}`: a request that has it is refused; "
        "remove it",
        alike->field, alike->name);
  }
  return std::nullopt;
}

// Adds the entries of one level of `fields` for answers.
void add_answers(const FieldSettings& level, const std::string& at, AnswerRules& rules, Problems& problems) {
  for (const PlacedText& text : level.answers) {
    const FieldName name(text.value);
    const auto add_problem = [&](std::string_view why) {
      problems.add(text.place, fmt::format("{}.answers.forward: `{}` {}", at, text.value, why));
    };
    const bool stays = http::to_client(name.id) == http::ToClient::stays ||
                       name.id == http::FieldId::content_security_policy ||
                       name.id == http::FieldId::referrer_policy;
    if (text.value.empty() || !http::all(text.value, http::kTokenCharacter)) {
      add_problem("is not the name of a header field");
    } else if (stays) {
      add_problem(
          "never leaves as an upstream sent it (docs/upstreams.md lists the fields that do); remove it");
    } else if (name.id == http::FieldId::set_cookie) {
      add_problem("leaves for the cookies that `cookies.forward` names; name them there");
    } else if (name.id == http::FieldId::other && http::disguises_known_name(text.value)) {
      add_problem("can be confused with a field that Gatehouse knows (`_` for `-`); remove it");
    } else if (!has(rules.fields, name)) {
      rules.fields.push_back(name);
    }
  }
  rules.set_cookies = level.set_cookies.value_or(rules.set_cookies);
  add_set_answers(level, at, rules, problems);
}

// Adds the entries of one level of `fields`. `at` is its path in gatehouse.yaml: "fields",
// "upstreams.web.fields".
void add_level(const PolicySet& set, const FieldSettings& level, const std::string& at, RequestRules& rules,
               AnswerRules& answers, Problems& problems) {
  add_answers(level, at, answers, problems);
  const auto add_problem = [&](const PlacedText& text, std::string_view key, std::string_view why) {
    problems.add(text.place, fmt::format("{}.{}: `{}` {}", at, key, text.value, why));
  };
  for (const ForwardedField& entry : level.forward) {
    const PlacedText& text = entry.name;
    const FieldName name(text.value);
    if (text.value.empty() || !http::all(text.value, http::kTokenCharacter)) {
      add_problem(text, "forward", "is not the name of a header field");
    } else if (const auto why = clash_with_credential(set, Carrier::header, text.value)) {
      add_problem(text, "forward", *why);
    } else if (http::disguises_known_name(text.value)) {
      add_problem(text, "forward",
                  "can be confused with a field that Gatehouse knows (`_` for `-`): a request that has it is "
                  "refused; remove it");
    } else if (name.id == http::FieldId::referer) {
      add_problem(text, "forward",
                  "is forwarded by the setting `referer`, because URLs may contain credentials; write "
                  "`referer: origin` or `referer: full` and remove it");
    } else if (http::to_upstream(name.id) == http::ToUpstream::ends_here ||
               name.id == http::FieldId::cookie || name.id == http::FieldId::content_type) {
      add_problem(
          text, "forward",
          "is never forwarded as a client sent it (docs/upstreams.md lists the fields that are); remove it");
    } else {
      if (!has(rules.fields, name)) {
        rules.fields.push_back(name);
        if (!http::is_list(http::grammar(name.id))) rules.single.push_back(name);
      }
      if (entry.from == Via::trusted_proxy && set.settings.trusted_proxies.empty()) {
        add_problem(text, "forward", "is from: trusted_proxies, and there are none; name them, or remove it");
      } else if (entry.from == Via::trusted_proxy) {
        rules.of_proxies.push_back(name);
      }
    }
  }
  for (const ForwardedCookie& cookie : level.cookies) {
    const PlacedText& text = cookie.name;
    if (text.value.empty() || !http::all(text.value, http::kTokenCharacter)) {
      add_problem(text, "cookies.forward", "is not the name of a cookie");
    } else if (const auto why = clash_with_credential(set, Carrier::cookie, text.value)) {
      add_problem(text, "cookies.forward", *why);
    } else {
      add_once(rules.forwarded_cookies, text.value);
      add_once(answers.cookies, text.value);
      if (cookie.readers == CookieReaders::scripts_too) add_once(answers.readable_cookies, text.value);
    }
  }
  rules.undeclared = level.undeclared.value_or(rules.undeclared);
  rules.referer = level.referer.value_or(rules.referer);
  rules.user_agent = level.user_agent.value_or(rules.user_agent);
}

// A name of one operation that goes on to its upstream, or that carries a credential.
struct MeantName {
  enum class By : std::uint8_t { parameter, entry, credential };
  std::string name;
  By by;
  Place place;
};

std::string told(const MeantName& one) {
  const auto at = one.place.file.empty() ? "" : fmt::format(" ({}:{})", one.place.file, one.place.line);
  switch (one.by) {
    case MeantName::By::parameter: return fmt::format("the parameter `{}`{}", one.name, at);
    case MeantName::By::entry: return fmt::format("the entry `{}` of `forward`{}", one.name, at);
    case MeantName::By::credential: return fmt::format("`{}`, which carries a credential{}", one.name, at);
  }
  return one.name;
}

// Both would be accepted, because each is meant: a server that makes one variable of them would read the one
// in place of the other, whose schema did not check it.
void refuse_pairs(std::span<const MeantName> names, http::GuardedNames::Kind kind, Problems& problems) {
  using By = MeantName::By;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const MeantName& other : names.subspan(i + 1)) {
      const MeantName& one = names[i];
      // Of two carriers nothing goes on, and add_level tells of an entry and a carrier.
      if (other.by == By::credential && one.by != By::parameter) continue;
      if (!http::GuardedNames::alike(kind, one.name, other.name)) continue;
      problems.add(
          one.place,
          fmt::format("{} and {} are one name to upstreams that {}; rename one of them, or remove it",
                      told(one), told(other),
                      kind == http::GuardedNames::Kind::fields
                          ? "read fields as variables (CGI, WSGI, Rack, PHP)"
                          : "find cookies without regard to case, or decode their names"));
    }
  }
}

// Null: no credential comes in a query.
std::shared_ptr<const openapi::NameTable> query_carriers(const PolicySet& set) {
  std::shared_ptr<openapi::NameTable> names;
  for (const AuthenticatorPolicy& one : set.authenticators) {
    if (one.carrier != Carrier::query) continue;
    if (!names) names = std::make_shared<openapi::NameTable>();
    names->add({one.field});
  }
  return names;
}

// A parameter in the query that is the credential itself does not go on.
void refuse_query_names_alike(const PolicySet& set, const openapi::Operation& from, Problems& problems) {
  if (!set.credential_pairs) return;
  std::string scratch;
  for (const openapi::Parameter& one : from.parameters) {
    if (one.in != openapi::In::query || set.credential_pairs->find(one.name) != nullptr) continue;
    const auto* const carrier = set.credential_pairs->taken_for(one.name, scratch);
    if (carrier == nullptr) continue;
    problems.add(one.place,
                 fmt::format("the parameter `{}` and `{}`, which carries a credential, are one name to "
                             "upstreams that read queries as PHP, Rack or ASP.NET do; rename one of "
                             "them, or remove it",
                             one.name, carrier->name));
  }
}

// The names of an operation: first its parameters, then the entries of these levels, then the credentials.
void refuse_names_alike(const PolicySet& set, const openapi::Operation& from,
                        std::span<const FieldSettings* const> levels, Problems& problems) {
  using By = MeantName::By;
  std::vector<MeantName> fields;
  std::vector<MeantName> cookies;
  for (const openapi::Parameter& one : from.parameters) {
    if (one.in == openapi::In::header) fields.push_back({one.name, By::parameter, one.place});
  }
  for (const std::string& name : from.input->names(openapi::In::cookie)) {
    const auto declared = std::ranges::find_if(from.parameters, [&](const openapi::Parameter& one) {
      return one.in == openapi::In::cookie && one.name == name;
    });
    cookies.push_back(
        {name, By::parameter, declared == from.parameters.end() ? from.place : declared->place});
  }
  for (const FieldSettings* const level : levels) {
    for (const ForwardedField& one : level->forward) {  // one with a schema is a parameter
      if (!one.schema) fields.push_back({one.name.value, By::entry, one.name.place});
    }
    for (const ForwardedCookie& one : level->cookies)
      cookies.push_back({one.name.value, By::entry, one.name.place});
  }
  for (const AuthenticatorPolicy& one : set.authenticators) {
    if (one.carrier == Carrier::header) fields.push_back({one.field, By::credential, one.settings->place});
    if (one.carrier == Carrier::cookie) cookies.push_back({one.field, By::credential, one.settings->place});
  }
  refuse_query_names_alike(set, from, problems);
  refuse_pairs(fields, http::GuardedNames::Kind::fields, problems);
  refuse_pairs(cookies, http::GuardedNames::Kind::cookies, problems);
}

// The statuses at which a page may be rendered: errors are JSON, whatever the upstream sends. A range of
// types (`*/*`) does not mean a page.
std::vector<std::uint16_t> statuses_of_pages(const openapi::Operation& operation) {
  constexpr std::uint16_t kFirst = 200;
  constexpr std::uint16_t kEnd = 400;
  std::vector<std::uint16_t> statuses;
  for (std::uint16_t status = kFirst; status < kEnd; ++status) {
    const openapi::Response* const response = operation.response_for(status);
    if (response != nullptr && std::ranges::any_of(response->content, [](const openapi::Content& content) {
          return content.type == "text/html";
        }))
      statuses.push_back(status);
  }
  return statuses;
}

// `signed: true`: the signatures are forwarded, with the fields that they need.
void keep_signatures(const Place& place, Operation& operation, Problems& problems) {
  const UpstreamTargetPolicy* const target = operation.upstream();
  if (target == nullptr) {
    problems.add(
        place,
        fmt::format(
            "{}: signed: true: only an upstream can verify the signature; remove it, or use an upstream",
            operation.name));
    return;
  }
  RequestRules& rules = operation.forwards;
  rules.signatures = Signatures::kept;
  for (const std::string_view text : {"Signature", "Signature-Input", "Date"}) {
    const FieldName name(text);
    if (!has(rules.fields, name)) rules.fields.push_back(name);
  }
  if (operation.document != nullptr && !operation.document->strip.value.empty())
    problems.add(operation.document->strip.place,
                 fmt::format("{}: signed: true: the sender signs the path, and `strip` removes `{}` from it; "
                             "remove one of the two",
                             operation.name, operation.document->strip.value));
  if (target->upstream == nullptr) return;  // the configuration has a problem
  for (const PlacedText& text : target->upstream->urls) {
    const auto url = http::parse_url(text.value);
    if (!url || url->path == "/") continue;
    problems.add(text.place,
                 fmt::format("{}: signed: true: the sender signs the path, and the upstream's url "
                             "puts `{}` before it; leave that out of the url",
                             operation.name, url->path));
  }
}

}  // namespace

void compile_carriers(PolicySet& set, Problems& problems) {
  set.credential_pairs = query_carriers(set);
  for (const AuthenticatorPolicy& one : set.authenticators) {
    const bool goes_on = one.settings->credential == CredentialEnd::upstream;
    for (const AuthenticatorPolicy& other : set.authenticators) {
      if (!goes_on || !same_place(one, other) || other.settings->credential == CredentialEnd::upstream)
        continue;
      problems.add(one.settings->place,
                   fmt::format("authenticators.{0}: has forward: true, but `{1}` carries its credential in "
                               "the same place and does not; use the same value for both",
                               one.name, other.name));
    }
    if (goes_on) add_forwarded(set.forwards.credentials, one);
    switch (one.carrier) {
      case Carrier::certificate: break;
      case Carrier::bearer:
        if (goes_on) set.carriers.authorization = CredentialCarriers::Authorization::goes_on;
        break;
      case Carrier::header: {
        const FieldName name(one.field);
        if (!may_carry(name.id)) {
          problems.add(
              one.settings->place,
              fmt::format("authenticators.{}: the header `{}` has a meaning of its own and cannot carry "
                          "a credential; give the securityScheme another name",
                          one.name, one.field));
        }
        if (!goes_on) {
          set.carriers.fields.push_back(name);
        } else if (!has(set.forwards.fields, name)) {
          set.forwards.fields.push_back(name);
        }
        break;
      }
      case Carrier::query:
        if (!goes_on) add_once(set.carriers.pairs, one.field);
        break;
      case Carrier::cookie:
        set.answers.credential_cookies.add(one.field);
        add_once(goes_on ? set.forwards.forwarded_cookies : set.carriers.cookies, one.field);
        break;
    }
  }
  add_level(set, set.settings.fields, "fields", set.forwards, set.answers, problems);
  for (const auto& [name, upstream] : set.settings.upstreams) {  // their problems are reported once
    RequestRules alone;
    AnswerRules answers_alone;
    add_level(set, upstream.fields, fmt::format("upstreams.{}.fields", name), alone, answers_alone, problems);
    check_set(set, upstream, problems);
  }
  for (const openapi::Api& api : set.apis) {
    for (const openapi::Operation& operation : api.operations) {
      if (operation.serving == openapi::Serving::not_served) continue;
      for (const std::string& name : operation.input->names(openapi::In::cookie))
        add_once(set.answers.cookies, name);
    }
  }
  for (const auto& [name, upstream] : set.settings.upstreams) {
    for (const PlacedText& text : upstream.urls) {
      if (const auto url = http::parse_url(text.value))
        set.answers.inside.push_back({inside_name(url->host), url->port});
    }
  }
}

void compile_heads(const PolicySet& set, const OperationSettings& own, Operation& operation,
                   Problems& problems) {
  const openapi::Operation& from = *operation.api;
  for (const std::string& name : from.input->names(openapi::In::header)) operation.guarded_fields.add(name);
  for (const std::string& name : from.input->names(openapi::In::cookie)) operation.guarded_cookies.add(name);
  const std::vector<std::string> query = from.input->names(openapi::In::query);
  const auto is_used = [&operation](std::size_t authenticator) {
    for (const SchemeAlternative& alternative : operation.alternatives) {
      for (const SchemeUse& use : alternative) {
        if (use.authenticator == authenticator) return true;
      }
    }
    return false;
  };
  for (std::size_t i = 0; i < set.authenticators.size(); ++i) {
    const AuthenticatorPolicy& one = set.authenticators[i];
    switch (one.carrier) {
      case Carrier::certificate:
      case Carrier::bearer: break;  // the parser knows Authorization
      case Carrier::header: operation.guarded_fields.add(one.field); break;
      case Carrier::cookie: operation.guarded_cookies.add(one.field); break;
      case Carrier::query:
        if (is_used(i) && std::ranges::find(query, one.field) == query.end())
          operation.credential_pairs.push_back(one.field);
        break;
    }
  }

  const bool reads_values =
      operation.resource || !operation.conditions.empty() || !operation.input_limits.empty();
  if (reads_values && operation.upstream() != nullptr &&
      set.settings.routing.cuts == http::PathCuts::lenient) {
    operation.input_values = openapi::InputValues::unambiguous;
  }

  RequestRules& forwards = operation.forwards;
  forwards = set.forwards;
  AnswerRules& answers = operation.answers;
  answers = set.answers;
  std::vector<const FieldSettings*> levels{&set.settings.fields};
  if (const auto* target = operation.upstream(); target != nullptr && target->upstream != nullptr) {
    Problems told_once;
    levels.push_back(&target->upstream->fields);
    add_level(set, target->upstream->fields, "upstreams", forwards, answers, told_once);
  }
  if (own.fields) {
    levels.push_back(&*own.fields);
    add_level(set, *own.fields, operation.name + ": fields", forwards, answers, problems);
  }
  if (operation.upstream() != nullptr && operation.document != nullptr)
    forwards.stripped = answers.stripped = operation.document->strip.value;
  refuse_names_alike(set, from, levels, problems);
  if (own.signatures.value_or(false)) keep_signatures(own.place, operation, problems);
  if (const auto* target = operation.upstream(); target != nullptr && target->upstream != nullptr)
    add_set(*target->upstream, operation, problems);
  for (const FieldName& name : forwards.fields) operation.guarded_fields.add(name.text);
  for (const std::string& name : from.input->names(openapi::In::header)) {
    if (credential_at(set, Carrier::header, name)) continue;
    const FieldName parameter(name);
    if (!has(forwards.fields, parameter)) forwards.fields.push_back(parameter);
    std::erase_if(forwards.single, [&](const FieldName& one) { return has({parameter}, one); });
  }
  for (const std::string& name : from.input->names(openapi::In::cookie)) {
    if (credential_at(set, Carrier::cookie, name)) continue;
    add_once(forwards.checked_cookies, name);
    std::erase(forwards.forwarded_cookies, name);
  }

  answers.pages = statuses_of_pages(from);
  for (const openapi::Response& response : from.responses) {
    for (const std::string& name : response.headers) answers.fields.emplace_back(name);
  }
}

}  // namespace gatehouse::policy
