#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/strings.h"
#include "review/purpose.h"
#include "review/rule.h"
#include "review/weak_places.h"
#include "schema/shape.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PolicySet;
using Kind = schema::Weakness::Kind;

std::string capped(std::string_view keyword, const policy::Caps& caps) {
  if (keyword == "maxLength") return fmt::format("no maxLength: {} characters", caps.string);
  if (keyword == "maxItems") return fmt::format("no maxItems: {} elements", caps.items);
  if (keyword == "maxProperties") return fmt::format("no maxProperties: {} members", caps.properties);
  return fmt::format("no {}: any number that is represented exactly", keyword);
}

bool is_open(const schema::Shape* shape, int depth = 0) {
  constexpr int kDeepest = 32;
  if (shape == nullptr || depth > kDeepest) return false;
  if (shape->kind == schema::Shape::Kind::object && shape->open) return true;
  return is_open(shape->items.get(), depth + 1) ||
         std::any_of(shape->properties.begin(), shape->properties.end(),
                     [&](const auto& property) { return is_open(property.second.get(), depth + 1); });
}

// A parameter, which several operations may share.
struct SharedParameter {
  const openapi::Parameter* parameter = nullptr;
  std::vector<const Operation*> operations;
};

// In the order of the documents.
template <typename Is>
std::vector<SharedParameter> parameters_that(const PolicySet& policy, Is is) {
  std::map<std::tuple<std::string, std::uint32_t, std::uint32_t>, SharedParameter> found;
  for (const Operation& operation : policy.operations) {
    for (const openapi::Parameter& parameter : operation.api->parameters) {
      if (!is(parameter)) continue;
      SharedParameter& shared = found[{parameter.place.file, parameter.place.line, parameter.place.column}];
      shared.parameter = &parameter;
      shared.operations.push_back(&operation);
    }
  }
  std::vector<SharedParameter> list;
  for (auto& [place, shared] : found) list.push_back(std::move(shared));
  return list;
}

bool is_secret_in_url(const openapi::Parameter& parameter) {
  if (parameter.in != openapi::In::path && parameter.in != openapi::In::query) return false;
  if (parameter.traits.secret || !secret_word(parameter.name)) return false;
  return !parameter.shape || parameter.shape->kind != schema::Shape::Kind::boolean;  // `hide_secret`
}

bool is_unbounded_cookie(const openapi::Parameter& parameter) {
  return parameter.in == openapi::In::cookie && parameter.checked_by &&
         std::ranges::any_of(parameter.checked_by->weaknesses(), [](const schema::Weakness* weakness) {
           return weakness->kind == Kind::capped || weakness->kind == Kind::anything;
         });
}

// The name by which Rack, Rails, Laravel and Symfony let a POST be another method.
bool is_method_override(std::string_view name) { return equal_ignoring_case(name, "_method"); }

// One finding for each document, at its first operation of which `place_in` gives a place.
template <typename PlaceIn>
void find_bodies(const PolicySet& policy, Findings& found, std::string_view what, PlaceIn place_in) {
  std::map<std::string, std::pair<Place, std::vector<const Operation*>>> documents;
  for (const Operation& operation : policy.operations) {
    const Place* const place = place_in(*operation.api);
    if (place == nullptr) continue;
    auto& [first, operations] = documents[place->file];
    if (operations.empty()) first = *place;
    operations.push_back(&operation);
  }
  for (auto& [file, one] : documents) found.add(std::move(one.second), one.first, std::string(what));
}

constexpr std::uint64_t kLargeBody = std::uint64_t{1} << 20U;

constexpr Rule kSchemaRules[] = {
    {.id = "default-cap",
     .severity = Severity::low,
     .layer = Layer::schema,
     .title = "A default bound applies",
     .why = "The document states no length, count or size. Gatehouse applies `defaults.caps`, which is "
            "independent of the meaning of the value.",
     .remedy =
         "State the bound in the schema: `maxLength`, `maxItems`, `maxProperties`, `minimum` and `maximum`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (WeakPlace& weak : weak_places(policy, Kind::capped)) {
             found.add(std::move(weak.operations), weak.place,
                       capped(weak.keyword, policy.settings.defaults.caps));
           }
         }},
    {.id = "schema-empty",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "A schema accepts any value",
     .why = "Every value is accepted and forwarded: only the service can check it.",
     .remedy = "Give the schema a `type` and its members.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (WeakPlace& weak : weak_places(policy, Kind::anything)) {
             found.add(std::move(weak.operations), weak.place,
                       weak.keyword == "items" ? "no `items`: elements of any kind are accepted"
                                               : "any value is accepted");
           }
         }},
    {.id = "nullable-idle",
     .severity = Severity::low,
     .layer = Layer::schema,
     .title = "`nullable` has no effect",
     .why = "OpenAPI 3.0 lets `nullable` add null to the `type` in the same schema only; 3.1 does not define "
            "it. Callers that send null are refused, and a quick repair may accept too much.",
     .remedy = "3.0: put `nullable: true` beside a `type`, and null into `enum`. 3.1: `type: [string, "
               "\"null\"]`, or `anyOf` with `type: \"null\"`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (WeakPlace& weak : weak_places(policy, Kind::nullable))
             found.add(std::move(weak.operations), weak.place, "`nullable: true` has no effect here");
         }},
    {.id = "schema-contradiction",
     .severity = Severity::medium,
     .layer = Layer::schema,
     .title = "No object can match a schema",
     .why =
         "`additionalProperties: false` allows only the members that its own schema object declares. "
         "Parts of an `allOf` that are each closed exclude each other's members, and a required member must "
         "also be declared. Every request is refused, until someone opens more than necessary.",
     .remedy = "Remove `additionalProperties` from the parts, which are then closed together, or write "
               "`unevaluatedProperties: false` once outside. Declare each `required` member under "
               "`properties`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (WeakPlace& weak : weak_places(policy, Kind::contradiction)) {
             found.add(
                 std::move(weak.operations), weak.place,
                 fmt::format("`{}` is required, and a part of the schema does not allow it", weak.keyword));
           }
           for (WeakPlace& weak : weak_places(policy, Kind::undeclared)) {
             found.add(std::move(weak.operations), weak.place,
                       fmt::format("`{}` is required, and no part of the schema declares it", weak.keyword));
           }
         }},
    {.id = "object-memberless",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "An object schema without members",
     .why = "A schema that names no member says nothing about any: each is accepted, and only the caps bound "
            "it. A "
            "service that copies the whole object also copies `role: admin`.",
     .remedy = "Declare the members under `properties`, which refuses all others; with "
               "`additionalProperties: false` "
               "only `{}` is accepted.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (WeakPlace& weak : weak_places(policy, Kind::memberless))
             found.add(std::move(weak.operations), weak.place, "any member is accepted");
         }},
    {.id = "object-open",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "A body may have undeclared members",
     .why = "A service that copies the whole body into its objects also copies `role: admin` (OWASP API3, "
            "mass assignment).",
     .remedy = "Remove `additionalProperties`/`unevaluatedProperties` from the schema, or give the further "
               "members a schema of their own.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.api->body) return;
           for (const openapi::Content& content : operation.api->body->content) {
             if (is_open(content.shape.get()))
               found.add(operation, content.schema.place(), fmt::format("the body as {}", content.type));
           }
         }},
    {.id = "body-opaque",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "The content of a body is not checked",
     .why = "Only the size of a file is bounded here. The service must check its content, scan it for "
            "viruses, and choose a safe place for it.",
     .remedy = "Let the service check the type by content, scan files that others will see, and store files "
               "where nothing executes them; keep `body` small.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.api->body) return;
           for (const openapi::Content& content : operation.api->body->content) {
             if (content.kind != openapi::BodyKind::opaque) continue;
             found.add(operation, operation.api->body->place,
                       fmt::format("{}, up to {}", content.type, to_text(ByteCount{operation.body_bytes})));
           }
         }},
    {.id = "media-type-untaken",
     .severity = Severity::low,
     .layer = Layer::schema,
     .title = "A media type of the document is not accepted",
     .why = "`media_types` leaves it out, or only the JSON types of a range can be checked against the "
            "schema. A caller that sends a type from the document gets 415.",
     .remedy = "Tell callers the accepted types, or remove the others from the document.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.api->body) return;
           for (const openapi::UntakenType& one : operation.api->body->untaken)
             found.add(operation, one.place, one.type);
           for (const openapi::Content& content : operation.api->body->content) {
             if (content.kind != openapi::BodyKind::json || !content.type.ends_with("/*")) continue;
             found.add(operation, content.schema.place(),
                       fmt::format("of {} all types except JSON", content.type));
           }
         }},
    {.id = "body-ignored",
     .severity = Severity::low,
     .layer = Layer::schema,
     .title = "A body that the document declares is refused",
     .why = "OpenAPI 3.0 says that a `requestBody` of GET and HEAD is ignored, and a TRACE never has one. "
            "Callers that follow the document are refused.",
     .remedy = "Remove the `requestBody`. If callers need one, declare POST, or OpenAPI 3.1.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           find_bodies(policy, found, "a body is refused", [](const openapi::Operation& one) {
             return one.ignored_body ? &*one.ignored_body : nullptr;
           });
         }},
    {.id = "body-on-get",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "A GET accepts a body",
     .why = "HTTP gives a body of GET and HEAD no meaning (RFC 9110 section 9.3.1): caches leave it out of "
            "their keys, and some proxies and servers drop it or refuse the request.",
     .remedy = "Read the input from query parameters, or declare POST.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           find_bodies(policy, found, "a body is accepted and checked", [](const openapi::Operation& one) {
             const bool reads = one.method == openapi::Method::get || one.method == openapi::Method::head;
             return reads && one.body ? &one.body->place : nullptr;
           });
         }},
    {.id = "body-large",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "A body may be large",
     .why = "Each caller may use that much memory, and the service must accept the body.",
     .remedy = "Set `body` to the size of the largest legitimate request.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.api->body || operation.body_bytes <= kLargeBody) return;
           // What nothing looks into goes on as it comes: `body-opaque` tells of it.
           const bool held = std::ranges::any_of(operation.api->body->content, [&](const auto& content) {
             return content.kind != openapi::BodyKind::opaque || operation.upstream() == nullptr;
           });
           if (!held) return;
           found.add(operation, fmt::format("up to {}", to_text(ByteCount{operation.body_bytes})));
         }},
    {.id = "search-syntax",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "A caller's text is a search expression",
     .why = "It is bound, so it cannot change the statement. But MATCH has a language of its own: a caller "
            "can write expensive expressions, or find more than intended.",
     .remedy = "Give the parameter a `pattern` that admits words only.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.sql() == nullptr || operation.settings == nullptr || !operation.settings->sql)
             return;
           const policy::PlacedText& statement = operation.settings->sql->statement;
           for (const openapi::Parameter& parameter : operation.api->parameters) {
             if (parameter.in != openapi::In::query || parameter.traits.formed) continue;
             if (words_of(statement.value).find(" match query" + words_of(parameter.name)) ==
                 std::string::npos)
               continue;
             found.add(operation, statement.place,
                       fmt::format("MATCH takes `{}`, which has no pattern", parameter.name));
           }
         }},
    {.id = "secret-in-url",
     .severity = Severity::high,
     .layer = Layer::schema,
     .title = "A secret is part of the URL",
     .why = "URLs are stored in browser histories, in the logs of proxies and in Referer fields. A path "
            "parameter is also in every event, unless it is marked.",
     .remedy = "Send it in the body. If it must stay, mark its schema `format: password`, and let it be "
               "valid for minutes and once.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (SharedParameter& secret : parameters_that(policy, is_secret_in_url)) {
             found.add(std::move(secret.operations), secret.parameter->place,
                       fmt::format("`{}` looks like a secret", secret.parameter->name));
           }
         }},
    {.id = "method-override",
     .severity = Severity::high,
     .layer = Layer::schema,
     .title = "A declared value selects another method",
     .why = "Rails, Laravel, Symfony and others use `_method` of a POST as its method. The service then runs "
            "another operation than the one whose permission and conditions were checked.",
     .remedy = "Remove `_method` from the document, and turn the override off in the service. If forms need "
               "it, give it an `enum` of methods whose operations require no more than this one.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           for (const openapi::Parameter& parameter : operation.api->parameters) {
             if (parameter.in == openapi::In::query && is_method_override(parameter.name))
               found.add(operation, parameter.place, fmt::format("`{}` in the query", parameter.name));
           }
           if (!operation.api->body) return;
           for (const openapi::Content& content : operation.api->body->content) {
             if (!content.shape) continue;
             for (const auto& [name, shape] : content.shape->properties) {
               if (is_method_override(name))
                 found.add(operation, content.schema.place(),
                           fmt::format("`{}` in the body as {}", name, content.type));
             }
           }
         }},
    {.id = "cookie-unbounded",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::schema,
     .title = "A cookie may have almost any value",
     .why = "Browsers send a cookie with every request, other sites of the same domain can set one, and few "
            "services check its value before they use it. Only a default bound applies here.",
     .remedy = "Restrict it in its schema: an `enum`, or a `pattern` and a `maxLength`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (SharedParameter& cookie : parameters_that(policy, is_unbounded_cookie)) {
             found.add(std::move(cookie.operations), cookie.parameter->place,
                       fmt::format("the cookie `{}`", cookie.parameter->name));
           }
         }},
};

}  // namespace

std::span<const Rule> schema_rules() { return kSchemaRules; }

}  // namespace gatehouse::review
