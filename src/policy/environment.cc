#include "policy/environment.h"

#include <algorithm>

#include <fmt/format.h>

#include "db/catalogue.h"
#include "policy/fields_of_clients.h"
#include "schema/shape.h"

namespace gatehouse::policy {
namespace {

using cel::Type;

// The type of a schema in CEL. Integers are int, other numbers double; a value that may be null is wrapped.
Type type_of(const schema::Shape* shape, const std::string& name) {
  using Kind = schema::Shape::Kind;
  if (shape == nullptr) return Type::dyn();
  Type type;
  switch (shape->kind) {
    case Kind::dyn: return Type::dyn();
    case Kind::null: return Type::null();
    case Kind::boolean: type = Type::boolean(); break;
    case Kind::integer: type = Type::integer(); break;
    case Kind::number: type = Type::number(); break;
    case Kind::string:
      // A timestamp compares as a time, not as text: "…T10:00+02:00" is before "…T09:00Z".
      if (shape->format == "date-time") return shape->nullable ? Type::dyn() : Type::timestamp();
      type = Type::string();
      break;
    case Kind::array:
      return shape->nullable ? Type::dyn() : Type::list(type_of(shape->items.get(), name + "[]"));
    case Kind::object: {
      if (shape->nullable) return Type::dyn();
      // One that names no member is open, too.
      if (shape->open || shape->properties.empty()) return Type::map(Type::string(), Type::dyn());
      std::vector<cel::Field> fields;
      for (const auto& [key, value] : shape->properties) {
        fields.push_back({key, type_of(value.get(), fmt::format("{}.{}", name, key))});
      }
      return Type::object(name, std::move(fields));
    }
  }
  return shape->nullable ? Type::wrapper(type) : type;
}

// Undeclared parameters of path and query are refused, so the object is whole. A request may have other
// header fields and cookies, and some go on to the upstream: conditions see a view.
Type parameters_type(const openapi::Operation& operation, openapi::In in, const std::string& name) {
  std::vector<cel::Field> fields;
  for (const openapi::Parameter& parameter : operation.parameters) {
    if (parameter.in != in) continue;
    if (in == openapi::In::header && is_written_here(parameter.name)) continue;
    fields.push_back({parameter.name, type_of(parameter.shape.get(), name + "." + parameter.name)});
  }
  const bool whole = in == openapi::In::path || in == openapi::In::query;
  return whole ? Type::object(name, std::move(fields)) : Type::view(name, std::move(fields));
}

// The body's type where there is one JSON or form content; several may differ, so they are dyn.
Type body_type(const openapi::Operation& operation) {
  if (!operation.body || operation.body->content.size() != 1) return Type::dyn();
  return type_of(operation.body->content.front().shape.get(), "request.body");
}

}  // namespace

// A column's declared type decides where SQLite would follow it; any column may be NULL.
Type resource_type(const Statement& statement) {
  std::vector<cel::Field> fields;
  for (const db::Column& column : statement.fixed->columns()) {
    std::string declared = column.declared_type;
    std::transform(declared.begin(), declared.end(), declared.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    Type type = Type::dyn();
    if (declared.contains("INT")) {
      type = Type::wrapper(Type::integer());
    } else if (declared.contains("CHAR") || declared.contains("TEXT") || declared.contains("CLOB")) {
      type = Type::wrapper(Type::string());
    } else if (declared.contains("REAL") || declared.contains("FLOA") || declared.contains("DOUB")) {
      type = Type::wrapper(Type::number());
    }
    fields.push_back({column.name, type});
  }
  return Type::object("resource", std::move(fields));
}

namespace {

void declare(cel::Environment& environment, Name name, std::string_view text, Type type) {
  // The slots are the enumerators: declared in their order, by one function.
  if (environment.declare(text, std::move(type)) != slot(name)) std::abort();
}

// A proven principal, by the name of the scheme: `principal.by["userToken"].claims.sub`. The members are
// those of `principal`; a member without a value is absent.
Type proven_type() {
  const Type strings = Type::list(Type::string());
  return Type::object("principal.by[]", {{"id", Type::string()},
                                         {"kind", Type::string()},
                                         {"roles", strings},
                                         {"scopes", strings},
                                         {"tenant", Type::string()},
                                         {"claims", Type::map(Type::string(), Type::dyn())},
                                         {"issuer", Type::string()},
                                         {"credential", Type::string()},
                                         {"mfa", Type::boolean()},
                                         {"authenticated_at", Type::timestamp()}});
}

cel::Environment environment_with(const InputTypes& types) {
  const Type strings = Type::list(Type::string());
  const Type object = Type::map(Type::string(), Type::dyn());
  cel::Environment environment;
  declare(environment, Name::principal_id, "principal.id", Type::string());
  declare(environment, Name::principal_kind, "principal.kind", Type::string());
  declare(environment, Name::principal_roles, "principal.roles", strings);
  declare(environment, Name::principal_permissions, "principal.permissions", strings);
  declare(environment, Name::principal_scopes, "principal.scopes", strings);
  declare(environment, Name::principal_tenant, "principal.tenant", Type::string());
  declare(environment, Name::principal_claims, "principal.claims", object);
  declare(environment, Name::principal_scheme, "principal.scheme", Type::string());
  declare(environment, Name::principal_issuer, "principal.issuer", Type::string());
  declare(environment, Name::principal_credential, "principal.credential", Type::string());
  declare(environment, Name::principal_mfa, "principal.mfa", Type::boolean());
  declare(environment, Name::principal_authenticated_at, "principal.authenticated_at", Type::timestamp());
  declare(environment, Name::principal_by, "principal.by", Type::map(Type::string(), proven_type()));
  declare(environment, Name::request_id, "request.id", Type::string());
  declare(environment, Name::request_method, "request.method", Type::string());
  declare(environment, Name::request_operation, "request.operation", Type::string());
  declare(environment, Name::request_path, "request.path", types.path);
  declare(environment, Name::request_query, "request.query", types.query);
  declare(environment, Name::request_header, "request.header", types.header);
  declare(environment, Name::request_cookie, "request.cookie", types.cookie);
  declare(environment, Name::request_body, "request.body", types.body);
  declare(environment, Name::request_ip, "request.ip", Type::address());
  declare(environment, Name::request_time, "request.time", Type::timestamp());
  declare(environment, Name::resource, "resource", types.resource);
  return environment;
}

}  // namespace

InputTypes input_types(const openapi::Operation& operation) {
  InputTypes types;
  types.path = parameters_type(operation, openapi::In::path, "request.path");
  types.query = parameters_type(operation, openapi::In::query, "request.query");
  types.header = parameters_type(operation, openapi::In::header, "request.header");
  types.cookie = parameters_type(operation, openapi::In::cookie, "request.cookie");
  types.body = body_type(operation);
  // Without `resource:` the name is there with no members, so that naming one is an error when this is
  // loaded.
  types.resource = Type::object("resource", {});
  return types;
}

cel::Environment condition_environment(const InputTypes& types) { return environment_with(types); }

namespace {

cel::Environment limit_environment_with(InputTypes types) {
  types.resource = Type::object("resource", {});
  cel::Environment environment = environment_with(types);
  environment.set_container("request");  // `body.email` is request.body.email
  return environment;
}

}  // namespace

cel::Environment limit_environment() { return limit_environment_with({}); }

cel::Environment limit_environment(const openapi::Operation& operation) {
  InputTypes declared = input_types(operation);
  InputTypes types;
  types.header = std::move(declared.header);
  types.cookie = std::move(declared.cookie);
  return limit_environment_with(std::move(types));
}

cel::Environment claims_environment() {
  cel::Environment environment;
  if (environment.declare("claims", Type::map(Type::string(), Type::dyn())) != kClaimsSlot) std::abort();
  return environment;
}

}  // namespace gatehouse::policy
