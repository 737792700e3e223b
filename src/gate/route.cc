#include "gate/route.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/instructions.h"
#include "http/encoded_slash.h"
#include "http/route_table.h"

namespace gatehouse::gate {
namespace {

// Whether each stands in a parameter that may hold it; and whether a server that reads it as `/` would not
// find another operation there.
Verdict<void> check_encoded_slashes(const Exchange& exchange, const policy::Operation& operation) {
  const policy::PolicySet& policy = *exchange.policy;
  const std::string_view path = exchange.head.path;
  std::size_t inside = 0;
  for (std::size_t i = 0; i < exchange.captures.size; ++i) {
    if ((operation.encoded_slash >> i & 1U) != 0)
      inside += http::count_encoded_slashes(exchange.captures.values[i]);
  }
  if (inside != http::count_encoded_slashes(path))
    return refuse(Reason::malformed_http, http::name(http::Malformed::encoded_slash));
  const std::string decoded = http::decode_slashes(path);
  http::Captures captures;
  const http::RouteMatch other =
      policy.routes.find(exchange.authority, exchange.head.method, decoded, captures);
  const bool is_other = other.outcome == http::RouteOutcome::ambiguous ||
                        (other.outcome == http::RouteOutcome::found && other.route != operation.index);
  if (is_other) return refuse(Reason::path_ambiguous, operation.name);
  return {};
}

// Null: none that holds for it. Built-in operations depend on no service.
const Instruction* instructed(const Exchange& exchange, const policy::Operation& operation) {
  if (!exchange.instructions || operation.built_in() != nullptr) return nullptr;
  return exchange.instructions->maintenance_of(operation.name, exchange.received);
}

}  // namespace

Verdict<Matched> Router::route(Exchange& exchange) {
  const policy::PolicySet& policy = *exchange.policy;
  const http::RouteMatch match =
      policy.routes.find(exchange.authority, exchange.head.method, exchange.head.path, exchange.captures);
  const bool slashes = policy.encoded_slash == http::EncodedSlash::told_apart &&
                       http::find_encoded_slash(exchange.head.path) != std::string_view::npos;
  if (slashes && match.outcome != http::RouteOutcome::found)
    return refuse(Reason::malformed_http, http::name(http::Malformed::encoded_slash));
  switch (match.outcome) {
    case http::RouteOutcome::found: exchange.allow = match.allow; break;
    case http::RouteOutcome::withheld:
      return refuse(Reason::no_such_operation, policy.excluded[match.route].rule);
    case http::RouteOutcome::ambiguous:
      return refuse(Reason::path_ambiguous, policy.operations[match.route].name);
    case http::RouteOutcome::no_path: return refuse(Reason::no_such_operation);
    case http::RouteOutcome::no_method:
      exchange.allow = match.allow;
      return refuse(Reason::method_not_allowed);
  }
  const policy::Operation& operation = policy.operations[match.route];
  if (slashes) GATEHOUSE_CHECK(check_encoded_slashes(exchange, operation));
  exchange.checked.operation_ = &operation;
  return Matched(exchange.checked);
}

Verdict<void> Router::answers_now(Exchange& exchange) {
  const policy::Operation& operation = *exchange.checked.operation();
  std::optional<WallTime> until;
  std::string_view rule;
  if (const auto* const stated = operation.maintenance;
      stated != nullptr && (!stated->until || exchange.received < *stated->until)) {
    until = stated->until;
    exchange.announcement = stated->body;
    rule = "maintenance";
  } else if (const Instruction* const given = instructed(exchange, operation)) {
    until = given->until;
    exchange.announcement = given->text;
    exchange.detail = "given by " + given->actor;
    rule = "gatehouse maintenance";
  } else {
    return {};
  }
  Refusal refusal(Reason::maintenance, rule);
  if (until) refusal.retry_after = std::chrono::ceil<std::chrono::seconds>(*until - exchange.received);
  return std::unexpected(refusal);
}

}  // namespace gatehouse::gate
