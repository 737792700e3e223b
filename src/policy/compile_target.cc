#include "policy/compile_target.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/builtin.h"
#include "db/catalogue.h"
#include "policy/known.h"
#include "policy/settings_fields.h"
#include "policy/stated.h"

namespace gatehouse::policy {
namespace {

// Calls `visit` with std::type_identity of each kind that an operation can state.
template <std::size_t I = 0>
void for_each_kind(const auto& visit) {
  if constexpr (I < std::variant_size_v<TargetPolicy>) {
    using Kind = std::variant_alternative_t<I, TargetPolicy>;
    if constexpr (requires { Kind::kStated; }) visit(std::type_identity<Kind>());
    for_each_kind<I + 1>(visit);
  }
}

// "sql, upstream and handler".
std::string stated_keys() {
  std::vector<std::string_view> keys;
  for_each_kind([&]<typename Kind>(std::type_identity<Kind>) { keys.push_back(Kind::kKey); });
  const std::string_view last = keys.back();
  keys.pop_back();
  return fmt::format("{} and {}", fmt::join(keys, ", "), last);
}

}  // namespace

const PlacedText* default_upstream(const Settings& settings, const DocumentSettings* document) {
  if (document != nullptr && document->upstream) return &*document->upstream;
  return settings.defaults.upstream ? &*settings.defaults.upstream : nullptr;
}

void TargetCompiler::decide(const openapi::Operation& from, const OperationSettings& own, const Place& place,
                            Operation& operation) {
  const auto built_in = std::ranges::find(built_ins_, operation.name, &BuiltInOperation::name);
  if (built_in != built_ins_.end()) {
    operation.target = BuiltInTargetPolicy{*built_in};
    return;
  }
  const TargetInput input{from,          own,       place,    operation.name, operation.document,
                          set_.settings, handlers_, objects_, problems_};
  std::size_t stated = 0;
  for_each_kind(
      [&]<typename Kind>(std::type_identity<Kind>) { stated += is_stated(own.*Kind::kStated) ? 1 : 0; });
  if (stated > 1) {
    problems_.add(place, fmt::format("{}: has several of {}; keep one", operation.name, stated_keys()));
    return;
  }
  if (stated == 0) return operation.target.emplace<UpstreamTargetPolicy>().compile(input);
  for_each_kind([&]<typename Kind>(std::type_identity<Kind>) {
    if (is_stated(own.*Kind::kStated)) operation.target.emplace<Kind>().compile(input);
  });
}

void SqlTargetPolicy::compile(const TargetInput& input) {
  returns = input.own.sql->returns;
  rule = input.operation + ".sql";
  if (auto checked = input.objects.statement(input.own.sql->statement, input.from, input.operation))
    statement = *std::move(checked);
  const db::FixedStatement* const fixed = statement.fixed;
  if (fixed != nullptr && fixed->columns().empty() && input.own.sql->returns != SqlReturns::none) {
    input.problems.add(input.own.sql->statement.place,
                       fmt::format("{}: the statement returns no rows for the answer; add RETURNING and the "
                                   "columns of the answer to it, or write `returns: none`",
                                   input.operation));
  }
}

void HandlerTargetPolicy::compile(const TargetInput& input) {
  name = input.own.handler->value;
  if (std::ranges::find(input.handlers, name) == input.handlers.end()) {
    input.problems.add(
        input.own.handler->place,
        fmt::format("{0}: this program has no handler `{1}`: {2}; link your function into a "
                    "program and name it in gatehouse::run(argc, argv, {{{{\"{1}\", …}}}}), as "
                    "docs/handlers.md shows, or use sql or upstream",
                    input.operation, name,
                    input.handlers.empty() ? "it was built without handlers" : known(input.handlers)));
  }
}

void FixedTargetPolicy::compile(const TargetInput& input) {
  respond = &*input.own.respond;
  if (respond->from == RespondSettings::From::file)
    path = absolute(input.settings.directory, respond->body.value);
}

void UpstreamTargetPolicy::compile(const TargetInput& input) {
  const PlacedText* const named =
      input.own.upstream ? &*input.own.upstream : default_upstream(input.settings, input.document);
  if (named == nullptr) {
    if (input.settings.is_unread("defaults") || input.settings.is_unread("operations", input.operation))
      return;
    input.problems.add(
        input.place,
        fmt::format("{}: it has no target; give it sql, upstream or handler, or set defaults.upstream",
                    input.operation));
    return;
  }
  const auto found = input.settings.upstreams.find(named->value);
  if (found == input.settings.upstreams.end()) {
    if (input.own.upstream &&
        !input.settings.is_unread("upstreams"))  // others are told once for all operations
      input.problems.add(named->place,
                         fmt::format("{}: there is no upstream `{}`; {}", input.operation, named->value,
                                     known(keys_of(input.settings.upstreams), named->value)));
    return;
  }
  upstream = &found->second;
}

}  // namespace gatehouse::policy
