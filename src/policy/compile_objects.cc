#include "policy/compile_objects.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/environment.h"
#include "policy/located_program.h"

namespace gatehouse::policy {

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
  for (const db::ParameterName& parameter : (*fixed)->parameters()) {
    auto value = reference(parameter.path);
    if (!value) {
      problems_.add(text.place,
                    fmt::format("{}: the statement binds `:{}`, which is nothing a request has; use "
                                "path.…, query.…, header.…, cookie.…, body.…, principal.id or request.…",
                                name, parameter.text()));
      continue;
    }
    check_declared(*value, from, text.place, name, parameter.text());
    statement.values.push_back(*std::move(value));
  }
  return statement;
}

// A statement can only bind what the operation declares.
void ObjectCompiler::check_declared(const Reference& value, const openapi::Operation& from,
                                    const Place& place, const std::string& name, const std::string& written) {
  std::optional<openapi::In> in;
  switch (value.name) {
    case Name::request_path: in = openapi::In::path; break;
    case Name::request_query: in = openapi::In::query; break;
    case Name::request_header: in = openapi::In::header; break;
    case Name::request_cookie: in = openapi::In::cookie; break;
    case Name::request_body:
      if (!from.body)
        problems_.add(place, fmt::format("{}: the statement binds `:{}`, but the operation takes no body",
                                         name, written));
      return;
    default: return;
  }
  const bool there =
      !value.members.empty() &&
      std::any_of(from.parameters.begin(), from.parameters.end(), [&](const openapi::Parameter& parameter) {
        return parameter.in == *in && parameter.name == value.members.front();
      });
  if (!there) {
    problems_.add(place,
                  fmt::format("{}: the statement binds `:{}`, but the operation declares no such parameter",
                              name, written));
  }
}

void ObjectCompiler::decide(const openapi::Operation& from, const OperationSettings& own,
                            Operation& operation) {
  if (own.resource) {
    operation.resource = statement(*own.resource, from, operation.name);
    operation.resource_rule = operation.name + ".resource";
    if (operation.resource && operation.resource->fixed->effect() != db::Effect::reads) {
      problems_.add(own.resource->place,
                    fmt::format("{}: `resource` only reads; this statement writes", operation.name));
    }
  }
  if (own.hide && !own.resource) {
    problems_.add(own.place,
                  fmt::format("{}: `hide` is about the object that `resource` finds; there is no `resource`",
                              operation.name));
  }
  operation.hide = own.hide.value_or(Hide::yes);
  if (own.conditions.empty()) return;
  const cel::Environment environment =
      condition_environment(from, operation.resource ? &*operation.resource : nullptr);
  for (std::size_t i = 0; i < own.conditions.size(); ++i) {
    auto program = compile_at(own.conditions[i], environment, cel::Type::boolean(), problems_);
    if (!program) continue;
    std::string rule =
        own.conditions.size() == 1 ? operation.name + ".when" : fmt::format("{}.when[{}]", operation.name, i);
    operation.conditions.push_back({*std::move(program), std::move(rule)});
  }
}

}  // namespace gatehouse::policy
