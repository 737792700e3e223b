#include "policy/compile_input.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "http/characters.h"
#include "openapi/body_memory.h"
#include "policy/key_reader.h"
#include "policy/known.h"

namespace gatehouse::policy {
namespace {

std::string accepted_types(const openapi::RequestBody& body) {
  std::string types;
  for (const openapi::Content& content : body.content) {
    if (!types.empty()) types += ", ";
    types += content.type;
    for (const auto& [name, value] : content.parameters) {
      types += fmt::format(";{}=", name);
      const bool token =
          std::ranges::all_of(value, [](char c) { return http::is(c, http::kTokenCharacter); });
      types += token ? value : fmt::format("\"{}\"", value);
    }
  }
  return types;
}

void decide_slashes(PolicySet& set, const openapi::Operation& from, const std::vector<PlacedText>& names,
                    Operation& operation, Problems& problems) {
  for (const PlacedText& name : names) {
    const auto found = std::ranges::find(from.path_names, name.value);
    if (found == from.path_names.end()) {
      problems.add(name.place, fmt::format("{}: encoded_slash: `{}` is not a parameter of its path; {}",
                                           operation.name, name.value, known(from.path_names)));
      continue;
    }
    operation.encoded_slash |= 1U << static_cast<unsigned>(found - from.path_names.begin());
    set.encoded_slash = http::EncodedSlash::told_apart;
  }
}

// `x-gatehouse: {log: true}` of a parameter. `deep` is read with the document.
bool says_log(const openapi::Parameter& parameter, const Operation& operation, Problems& problems) {
  if (!parameter.gatehouse) return false;
  KeyReader<keys::kParameter> in(
      doc::Field(*parameter.gatehouse.source, parameter.gatehouse.value, "x-gatehouse", problems));
  in.take("deep");
  const bool log = in.optional("log", doc::as_boolean).value_or(false);
  in.finish();
  const bool logged = parameter.in == openapi::In::path || parameter.in == openapi::In::query;
  if (log && !logged) {
    problems.add(parameter.place, fmt::format("{}: `log: true` on `{}`: only path and query parameters are "
                                              "logged; remove it",
                                              operation.name, parameter.name));
  }
  return log && logged;
}

openapi::KeptCopies kept_copies(const Operation& operation) {
  if (operation.handler() != nullptr) return openapi::KeptCopies::whole;
  if (operation.placement != ConditionPlacement::before_call) return openapi::KeptCopies::values_twice;
  return operation.sql() != nullptr ? openapi::KeptCopies::texts : openapi::KeptCopies::none;
}

}  // namespace

void compile_input(PolicySet& set, const openapi::Operation& from, const OperationSettings& own,
                   Operation& operation, Problems& problems) {
  operation.body_bytes = own.body.value_or(set.settings.defaults.body).bytes;
  if (from.body) operation.accepts = accepted_types(*from.body);
  if (own.encoded_slash) decide_slashes(set, from, *own.encoded_slash, operation, problems);
  operation.depth = set.settings.defaults.caps.depth;
  for (const openapi::Parameter& parameter : from.parameters) {
    const bool shown = says_log(parameter, operation, problems);
    const bool secret = parameter.traits.secret;
    if (shown && secret) {
      problems.add(parameter.place,
                   fmt::format("{}: the parameter `{}` is secret (writeOnly, password or x-sensitive); "
                               "it cannot say log: true; remove one of the two",
                               operation.name, parameter.name));
    }
    if (secret) operation.secret_parameters.push_back(&parameter);
    if (parameter.in == openapi::In::path && !secret) operation.logged_path.push_back(parameter.name);
    if (parameter.in == openapi::In::query && shown) operation.logged_query.push_back(parameter.name);
  }
  if (own.media_types && !own.media_types->empty() && (!from.body || from.body->content.empty())) {
    problems.add(own.media_types->front().place,
                 fmt::format("{}: its document has none of these `media_types`; write one that it has, or "
                             "`media_types: []` to accept no body",
                             operation.name));
  }
  if (!from.body) return;
  for (const openapi::Content& content : from.body->content) {
    if (!content.schema && content.kind != openapi::BodyKind::opaque) {
      problems.add(
          from.body->place,
          fmt::format("{}: the body of type {} has no schema; state the body that the operation accepts",
                      operation.name, content.type));
    }
  }
}

void check_memory(const PolicySet& set, const openapi::Operation& from, const Operation& operation,
                  Problems& problems) {
  if (!from.body) return;
  for (const openapi::Content& content : from.body->content) {
    // It goes on to the upstream as it comes.
    if (content.kind == openapi::BodyKind::opaque && operation.upstream() != nullptr) continue;
    const std::uint64_t factor = openapi::memory_factor(content.kind, kept_copies(operation));
    if (operation.body_bytes <= set.settings.memory_bodies.bytes / (2 * factor)) continue;
    problems.add(
        set.settings.memory_place,
        fmt::format("memory.bodies: {} is too little: a body of {} for {} takes up to {}, and one caller "
                    "has half; raise it, or lower the operation's `body`",
                    to_text(set.settings.memory_bodies), to_text(ByteCount{operation.body_bytes}),
                    operation.name, to_text(ByteCount{operation.body_bytes * factor})));
  }
}

}  // namespace gatehouse::policy
