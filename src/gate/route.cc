#include "gate/route.h"

namespace gatehouse::gate {

Verdict<Matched> Router::route(Exchange& exchange) {
  const policy::PolicySet& policy = *exchange.policy;
  const http::RouteMatch match =
      policy.routes.find(exchange.head.method, exchange.head.path, exchange.captures);
  switch (match.outcome) {
    case http::RouteOutcome::found: exchange.allow = match.allow; break;
    case http::RouteOutcome::ambiguous:
      return refuse(Reason::path_ambiguous, policy.operations[policy.route_operations[match.route]].name);
    case http::RouteOutcome::no_path: return refuse(Reason::no_such_operation);
    case http::RouteOutcome::no_method:
      exchange.allow = match.allow;
      return refuse(Reason::method_not_allowed);
  }
  exchange.checked.operation_ = &policy.operations[policy.route_operations[match.route]];
  return Matched(exchange.checked);
}

}  // namespace gatehouse::gate
