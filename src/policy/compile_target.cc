#include "policy/compile_target.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "core/builtin.h"
#include "db/catalogue.h"
#include "policy/known.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {

void TargetCompiler::decide(const openapi::Operation& from, const OperationSettings& own, const Place& place,
                            Operation& operation) {
  const auto built_in = std::ranges::find(built_ins_, operation.name, &BuiltInOperation::name);
  if (built_in != built_ins_.end()) {
    operation.target = BuiltInTargetPolicy{*built_in};
    return;
  }
  const int stated =
      (own.sql ? 1 : 0) + (own.upstream ? 1 : 0) + (own.handler ? 1 : 0) + (own.respond ? 1 : 0);
  if (stated > 1) {
    problems_.add(place, fmt::format("{}: has several of sql, upstream, handler and respond; keep one",
                                     operation.name));
    return;
  }
  if (own.sql) {
    SqlTargetPolicy& sql = operation.target.emplace<SqlTargetPolicy>();
    sql.returns = own.sql->returns;
    sql.rule = operation.name + ".sql";
    if (auto statement = objects_.statement(own.sql->statement, from, operation.name))
      sql.statement = *statement;
    const db::FixedStatement* const fixed = sql.statement.fixed;
    if (fixed != nullptr && fixed->columns().empty() && own.sql->returns != SqlReturns::none) {
      problems_.add(own.sql->statement.place,
                    fmt::format("{}: the statement returns no rows for the answer; add RETURNING and the "
                                "columns of the answer to it, or write `returns: none`",
                                operation.name));
    }
    return;
  }
  if (own.handler) {
    operation.target = HandlerTargetPolicy{own.handler->value};
    if (std::find(handlers_.begin(), handlers_.end(), own.handler->value) == handlers_.end()) {
      problems_.add(own.handler->place,
                    fmt::format("{0}: this program has no handler `{1}`: {2}; link your function into a "
                                "program and name it in gatehouse::run(argc, argv, {{{{\"{1}\", …}}}}), as "
                                "docs/handlers.md shows, or use sql or upstream",
                                operation.name, own.handler->value,
                                handlers_.empty() ? "it was built without handlers" : known(handlers_)));
    }
    return;
  }
  if (own.respond) {
    const RespondSettings& respond = *own.respond;
    const bool in_file = respond.from == RespondSettings::From::file;
    operation.target = FixedTargetPolicy{
        &respond, in_file ? absolute(set_.settings.directory, respond.body.value) : std::string()};
    return;
  }
  const PlacedText* name = own.upstream                      ? &*own.upstream
                           : set_.settings.defaults.upstream ? &*set_.settings.defaults.upstream
                                                             : nullptr;
  if (name == nullptr) {
    problems_.add(
        place, fmt::format("{}: it has no target; give it sql, upstream or handler, or set defaults.upstream",
                           operation.name));
    return;
  }
  const auto upstream = set_.settings.upstreams.find(name->value);
  if (upstream == set_.settings.upstreams.end()) {
    problems_.add(name->place, fmt::format("{}: there is no upstream `{}`; {}", operation.name, name->value,
                                           known(keys_of(set_.settings.upstreams))));
    return;
  }
  operation.target = UpstreamTargetPolicy{&upstream->second};
}

}  // namespace gatehouse::policy
