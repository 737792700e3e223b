#include "policy/compile_objects.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "cel/split.h"
#include "db/catalogue.h"
#include "policy/compile_target.h"
#include "policy/environment.h"
#include "policy/fields_of_clients.h"
#include "policy/guard.h"
#include "policy/located_program.h"

namespace gatehouse::policy {
namespace {

// Whether a JSON value can be of that type.
bool is_json(const cel::Type& type) {
  using Kind = cel::Type::Kind;
  switch (type.kind()) {
    case Kind::dyn:
    case Kind::boolean:
    case Kind::integer:
    case Kind::number:
    case Kind::string:
    case Kind::timestamp:
    case Kind::duration: return true;
    case Kind::map: return type.parameters()[0].is(Kind::string) && is_json(type.parameters()[1]);
    case Kind::list:
    case Kind::wrapper: return is_json(type.parameters()[0]);
    default: return false;
  }
}

json::Document object_of_nothing(const cel::Type& type) {
  json::Document document;
  json::Builder builder(document);
  builder.begin_object();
  for (const cel::Field& field : type.fields()) {
    builder.key(field.name);
    builder.null();
  }
  builder.end_object();
  return document;
}

const schema::Shape* member_of(const schema::Shape* shape, const std::string& name) {
  if (shape == nullptr || shape->kind != schema::Shape::Kind::object) return nullptr;
  const auto found = std::ranges::find(shape->properties, name,
                                       &std::pair<std::string, std::shared_ptr<const schema::Shape>>::first);
  return found == shape->properties.end() ? nullptr : found->second.get();
}

bool may_be_text(const schema::Shape* shape, std::span<const std::string> members) {
  for (const std::string& member : members) shape = member_of(shape, member);
  return shape == nullptr || shape->may_be_text;
}

// Whether a value that the operation declares can be text; where nothing says that it is not, it can. A
// number's text may be written in many ways.
bool may_be_text(const Reference& value, const openapi::Operation& from) {
  const std::span<const std::string> members(value.members);
  const auto of_parameter = [&](openapi::In in) {
    const auto found = std::ranges::find_if(from.parameters, [&](const openapi::Parameter& parameter) {
      return parameter.in == in && !members.empty() && parameter.name == members.front();
    });
    return found != from.parameters.end() && may_be_text(found->shape.get(), members.subspan(1));
  };
  switch (value.name) {
    case Name::request_path: return of_parameter(openapi::In::path);
    case Name::request_query: return of_parameter(openapi::In::query);
    case Name::request_header: return of_parameter(openapi::In::header);
    case Name::request_cookie: return of_parameter(openapi::In::cookie);
    case Name::request_body:
      return from.body && std::ranges::any_of(from.body->content, [&](const openapi::Content& content) {
               return content.kind != openapi::BodyKind::opaque && may_be_text(content.shape.get(), members);
             });
    default: return true;
  }
}

std::string taken_for_number(db::ParameterUse use, const std::string& parameter) {
  if (use == db::ParameterUse::as_json_number) {
    return fmt::format(
        "the statement compares a number from the JSON in the text `:{}`, so `5e1`, `50.0` and `50` are "
        "equal in it but not in conditions; declare the parts of the JSON as parameters or members of the "
        "body and bind those, or compare the JSON as it is written: column -> '$.id' = :{} -> '$.id'",
        parameter, parameter);
  }
  return fmt::format(
      "the statement compares the text `:{}` with a number or reads one in it, so `5e1`, `050` and `+50` are "
      "equal to 50 in it but not in conditions; declare it as an integer only, or compare texts: CAST(column "
      "AS TEXT) = :{}. If it is part of a path in JSON, the column of highlight or the modifier of a date, "
      "choose among fixed ones with CASE",
      parameter, parameter);
}

}  // namespace

std::optional<Statement> ObjectCompiler::statement(const PlacedText& text, const openapi::Operation& from,
                                                   const std::string& name) {
  if (text.value.empty()) return std::nullopt;
  if (!set_.statements) {
    problems_.add(text.place, fmt::format("{}: there is no database to run this statement on", name));
    return std::nullopt;
  }
  const auto fixed = set_.statements->add(text.value);
  if (!fixed) {
    problems_.add(text.place, fmt::format("{}: at byte {} of the statement: {}", name, fixed.error().offset,
                                          fixed.error().what));
    return std::nullopt;
  }
  Statement statement;
  statement.fixed = *fixed;
  for (std::size_t i = 0; i < (*fixed)->parameters().size(); ++i) {
    const db::ParameterName& parameter = (*fixed)->parameters()[i];
    auto value = reference(parameter.path);
    if (!value) {
      problems_.add(text.place,
                    fmt::format("{}: the statement binds `:{}`, which is not a value of a request; use "
                                "path.…, query.…, header.…, cookie.…, body.…, principal.id or request.…",
                                name, parameter.text()));
      continue;
    }
    check_declared(*value, from, text.place, name,
                   fmt::format("the statement binds `:{}`", parameter.text()));
    const db::ParameterUse use = (*fixed)->use_of(i);
    if (use != db::ParameterUse::as_written && may_be_text(*value, from))
      problems_.add(text.place, fmt::format("{}: {}", name, taken_for_number(use, parameter.text())));
    statement.values.push_back(*std::move(value));
  }
  return statement;
}

// An undeclared reference has no value.
void ObjectCompiler::check_declared(const Reference& value, const openapi::Operation& from,
                                    const Place& place, const std::string& name, const std::string& what) {
  std::optional<openapi::In> in;
  switch (value.name) {
    case Name::request_path: in = openapi::In::path; break;
    case Name::request_query: in = openapi::In::query; break;
    case Name::request_header: in = openapi::In::header; break;
    case Name::request_cookie: in = openapi::In::cookie; break;
    case Name::request_body:
      if (!from.body)
        problems_.add(
            place,
            fmt::format(
                "{}: {}, but the operation accepts no body; declare a requestBody, or use another value",
                name, what));
      return;
    default: return;
  }
  const bool there =
      !value.members.empty() &&
      std::any_of(from.parameters.begin(), from.parameters.end(), [&](const openapi::Parameter& parameter) {
        return parameter.in == *in && parameter.name == value.members.front();
      });
  if (there && value.name == Name::request_header && is_written_here(value.members.front())) {
    problems_.add(place,
                  fmt::format("{}: {}, and an upstream never receives this field as the client sent it; {}",
                              name, what, use_instead_of(value.members.front())));
  } else if (!there) {
    problems_.add(
        place,
        fmt::format("{}: {}, but the operation declares no such parameter; declare it, or use another value",
                    name, what));
  }
}

std::optional<UpstreamLookup> ObjectCompiler::lookup(const ResourceSettings::Upstream& settings,
                                                     const Operation& operation) {
  const openapi::Operation& from = *operation.api;
  const std::string& name = operation.name;
  if (settings.path.value.empty()) return std::nullopt;  // reported when it was read
  const PlacedText* const named =
      settings.name ? &*settings.name : default_upstream(set_.settings, operation.document);
  if (named == nullptr) {
    problems_.add(
        settings.path.place,
        fmt::format(
            "{}: resource.upstream has no `name`, and there is no defaults.upstream; add one of the two",
            name));
    return std::nullopt;
  }
  const auto upstream = set_.settings.upstreams.find(named->value);
  if (upstream == set_.settings.upstreams.end()) {
    problems_.add(
        named->place,
        fmt::format(
            "{}: resource.upstream: there is no upstream `{}`; add it to `upstreams`, or name another one",
            name, named->value));
    return std::nullopt;
  }
  auto path = PathTemplate::parse(settings.path.value, set_.settings.routing.cuts);
  if (!path) {
    problems_.add(settings.path.place, fmt::format("{}: resource.upstream.path: {}", name, path.error()));
    return std::nullopt;
  }
  for (const PathTemplate::Place& place : path->places()) {
    check_declared(place.value, from, settings.path.place, name,
                   fmt::format("the path contains `{{{}}}`", place.written));
  }
  return UpstreamLookup{&upstream->second, *std::move(path)};
}

// The configured types of an upstream's answer. A value of another type is an error when a condition reads
// it, which refuses.
cel::Type ObjectCompiler::attributes(const ResourceSettings& settings, const std::string& name) {
  if (settings.attributes.empty()) return cel::Type::map(cel::Type::string(), cel::Type::dyn());
  std::vector<cel::Field> fields;
  for (const auto& [attribute, written] : settings.attributes) {
    const auto type = cel::parse_type(written.value);
    if (type && is_json(*type)) {
      fields.push_back({attribute, *type});
      continue;
    }
    problems_.add(
        written.place,
        fmt::format(
            "{}: resource.attributes.{}: `{}` is not a type of a JSON value; use string, int, double, bool, "
            "timestamp, duration, list(string), map(string, dyn), wrapper(string) if it may be null, or dyn",
            name, attribute, written.value));
  }
  return cel::Type::object("resource", std::move(fields));
}

std::optional<Resource> ObjectCompiler::resource(const ResourceSettings& settings,
                                                 const openapi::Operation& from, Operation& operation) {
  Resource resource;
  resource.rule = operation.name + ".resource";
  if (settings.upstream) {
    operation.types.resource = attributes(settings, operation.name);
    auto asked = lookup(*settings.upstream, operation);
    if (!asked) return std::nullopt;
    resource.from = *std::move(asked);
    return resource;
  }
  if (!settings.sql) return std::nullopt;
  auto selected = statement(*settings.sql, from, operation.name);
  if (!selected) return std::nullopt;
  if (selected->fixed->effect() != db::Effect::reads) {
    problems_.add(
        settings.sql->place,
        fmt::format("{}: `resource` only reads, and this statement writes; write a SELECT", operation.name));
  }
  operation.types.resource = resource_type(*selected);
  resource.from = *std::move(selected);
  return resource;
}

void ObjectCompiler::decide(const openapi::Operation& from, const OperationSettings& own,
                            Operation& operation) {
  operation.types = input_types(from);
  if (own.resource) operation.resource = resource(*own.resource, from, operation);
  if (own.hide && !own.resource) {
    problems_.add(own.place, fmt::format("{}: `hide` is about the object that `resource` finds, and there is "
                                         "no `resource`; add it, or remove `hide`",
                                         operation.name));
  }
  operation.hide = own.hide.value_or(Hide::yes);
  if (operation.resource) operation.resource->nothing = object_of_nothing(operation.types.resource);
  const cel::Environment environment = condition_environment(operation.types);
  for (std::size_t i = 0; i < own.conditions.size(); ++i) {
    auto program = compile_at(own.conditions[i], environment, cel::Type::boolean(), problems_);
    if (!program) continue;
    std::string rule =
        own.conditions.size() == 1 ? operation.name + ".when" : fmt::format("{}.when[{}]", operation.name, i);
    operation.conditions.push_back({*std::move(program), std::move(rule)});
  }
  auto* const sql = std::get_if<SqlTargetPolicy>(&operation.target);
  const bool one_database =
      operation.resource && operation.resource->statement() != nullptr && sql != nullptr;
  if (!one_database || sql->statement.fixed == nullptr) return;
  sql->guarded = guarded(own, operation, environment);
  operation.placement = sql->guarded ? ConditionPlacement::in_statement : ConditionPlacement::in_transaction;
}

// Only a statement that reads can be put in brackets; all cases that do not fit (a comparison, a name, the
// number of parameters) are left to the transaction, which supports everything.
std::optional<Guarded> ObjectCompiler::guarded(const OperationSettings& own, const Operation& operation,
                                               const cel::Environment& environment) {
  const Statement& answer = operation.sql()->statement;
  const Statement& lookup = *operation.resource->statement();
  if (answer.fixed->effect() != db::Effect::reads || !set_.statements->is_utf8()) return std::nullopt;
  const auto is_whole = [](const Statement& one) {
    return one.values.size() == one.fixed->parameters().size();
  };
  if (!is_whole(answer) || !is_whole(lookup)) return std::nullopt;  // its problem has been reported
  std::vector<GuardProgram> programs;
  std::string condition = "1";
  for (const PlacedText& text : own.conditions) {
    auto split = cel::split(text.value, environment, "resource");
    if (!split) return std::nullopt;
    const auto sql = guard_sql(*std::move(split), operation.types.resource, kGuardRow, programs);
    if (!sql) return std::nullopt;
    condition += " AND " + *sql;
  }
  const auto fixed =
      set_.statements->add(guarded_statement(own.sql->statement.value, own.resource->sql->value, condition));
  if (!fixed || !std::ranges::equal((*fixed)->columns(), answer.fixed->columns(), {}, &db::Column::name,
                                    &db::Column::name)) {
    return std::nullopt;
  }
  Guarded guarded{{*fixed, {}}, {}};
  for (const db::ParameterName& parameter : (*fixed)->parameters()) {
    if (parameter.path[0] == "guard") {
      const std::size_t index = std::stoul(parameter.path[1].substr(1));
      guarded.values.push_back(std::move(programs.at(index)));
      continue;
    }
    for (const Statement* from : {&answer, &lookup}) {
      const auto& names = from->fixed->parameters();
      const auto found = std::ranges::find(names, parameter);
      if (found == names.end()) continue;
      guarded.statement.values.push_back(from->values.at(static_cast<std::size_t>(found - names.begin())));
      break;
    }
  }
  const bool whole = guarded.statement.values.size() + guarded.values.size() == (*fixed)->parameters().size();
  if (!whole) return std::nullopt;
  return guarded;
}

}  // namespace gatehouse::policy
