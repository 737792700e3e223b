#include "policy/compile_target.h"

#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "core/builtin.h"
#include "db/catalogue.h"
#include "policy/known.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {

const TargetCompiler::Kind TargetCompiler::kKinds[] = {
    {"sql", [](const OperationSettings& own) { return own.sql.has_value(); }, &TargetCompiler::sql},
    {"upstream", [](const OperationSettings& own) { return own.upstream.has_value(); },
     &TargetCompiler::upstream},
    {"handler", [](const OperationSettings& own) { return own.handler.has_value(); },
     &TargetCompiler::handler},
    {"respond", [](const OperationSettings& own) { return own.respond.has_value(); },
     &TargetCompiler::respond},
};

void TargetCompiler::decide(const openapi::Operation& from, const OperationSettings& own, const Place& place,
                            Operation& operation) {
  const auto built_in = std::ranges::find(built_ins_, operation.name, &BuiltInOperation::name);
  if (built_in != built_ins_.end()) {
    operation.target = BuiltInTargetPolicy{*built_in};
    return;
  }
  const Kind* stated = nullptr;
  for (const Kind& kind : kKinds) {
    if (!kind.is_stated(own)) continue;
    if (stated != nullptr) {
      problems_.add(place, fmt::format("{}: has several of {}; keep one", operation.name, keys()));
      return;
    }
    stated = &kind;
  }
  const auto compile = stated != nullptr ? stated->compile : &TargetCompiler::upstream;
  (this->*compile)({from, own, place, operation});
}

std::string TargetCompiler::keys() {
  std::string text;
  for (const Kind& kind : kKinds) {
    if (!text.empty()) text += &kind == std::end(kKinds) - 1 ? " and " : ", ";
    text += kind.key;
  }
  return text;
}

void TargetCompiler::sql(const Given& given) {
  SqlTargetPolicy& target = given.operation.target.emplace<SqlTargetPolicy>();
  target.returns = given.own.sql->returns;
  target.rule = given.operation.name + ".sql";
  if (auto statement = objects_.statement(given.own.sql->statement, given.from, given.operation.name))
    target.statement = *statement;
  const db::FixedStatement* const fixed = target.statement.fixed;
  if (fixed != nullptr && fixed->columns().empty() && given.own.sql->returns != SqlReturns::none) {
    problems_.add(given.own.sql->statement.place,
                  fmt::format("{}: the statement returns no rows for the answer; add RETURNING and the "
                              "columns of the answer to it, or write `returns: none`",
                              given.operation.name));
  }
}

void TargetCompiler::handler(const Given& given) {
  given.operation.target = HandlerTargetPolicy{given.own.handler->value};
  if (std::find(handlers_.begin(), handlers_.end(), given.own.handler->value) == handlers_.end()) {
    problems_.add(given.own.handler->place,
                  fmt::format("{0}: this program has no handler `{1}`: {2}; link your function into a "
                              "program and name it in gatehouse::run(argc, argv, {{{{\"{1}\", …}}}}), as "
                              "docs/handlers.md shows, or use sql or upstream",
                              given.operation.name, given.own.handler->value,
                              handlers_.empty() ? "it was built without handlers" : known(handlers_)));
  }
}

void TargetCompiler::respond(const Given& given) {
  const RespondSettings& settings = *given.own.respond;
  const bool in_file = settings.from == RespondSettings::From::file;
  given.operation.target = FixedTargetPolicy{
      &settings, in_file ? absolute(set_.settings.directory, settings.body.value) : std::string()};
}

// Without a name: the default one.
void TargetCompiler::upstream(const Given& given) {
  const PlacedText* name = given.own.upstream                ? &*given.own.upstream
                           : set_.settings.defaults.upstream ? &*set_.settings.defaults.upstream
                                                             : nullptr;
  if (name == nullptr) {
    problems_.add(
        given.place,
        fmt::format("{}: it has no target; give it sql, upstream or handler, or set defaults.upstream",
                    given.operation.name));
    return;
  }
  const auto found = set_.settings.upstreams.find(name->value);
  if (found == set_.settings.upstreams.end()) {
    problems_.add(name->place, fmt::format("{}: there is no upstream `{}`; {}", given.operation.name,
                                           name->value, known(keys_of(set_.settings.upstreams))));
    return;
  }
  given.operation.target = UpstreamTargetPolicy{&found->second};
}

}  // namespace gatehouse::policy
