// The code that gate/runner.cc may contain, and code that it may not. proofs_test.py compiles this once as it
// is, and once with each name of an #ifdef or #ifndef: none of those variants compiles.
#include "gate/decide.h"
#include "gate/identify.h"
#include "gate/limit.h"
#include "gate/permit.h"
#include "gate/respond.h"
#include "gate/response_filter.h"
#include "gate/route.h"
#include "gate/validate.h"

namespace gatehouse::gate {

struct Gates {
  LimitGate& limits;
  Identifier& identifier;
  Validator& validator;
  ResponseFilter& filter;
  Evaluator& evaluator;
};

void pass(Gates gates, Exchange& exchange, Exchange& other, Target& target, const Call& call,
          Response& response, std::string& out) {
  auto before_limit_address = *Router::route(exchange);
#ifndef WITHOUT_limit_address
  auto before_identify = *gates.limits.admit_address(std::move(before_limit_address));
#else
  auto before_identify = std::move(before_limit_address);
#endif
#ifndef WITHOUT_identify
  auto identified =
      gates.identifier.identify(std::move(before_identify), exchange.received, exchange.started);
  auto before_limit_principal = std::get<Identified>(*std::move(identified));
#else
  auto before_limit_principal = std::move(before_identify);
#endif
#ifndef WITHOUT_limit_principal
  auto before_permit = *gates.limits.admit_principal(std::move(before_limit_principal));
#else
  auto before_permit = std::move(before_limit_principal);
#endif
#ifndef WITHOUT_permit
  auto before_check_head = *Permitter::permit(std::move(before_permit));
#else
  auto before_check_head = std::move(before_permit);
#endif
#ifndef WITHOUT_check_head
  auto before_check_body = *gates.validator.check_head(std::move(before_check_head));
#else
  auto before_check_body = std::move(before_check_head);
#endif
#ifndef WITHOUT_check_body
  auto before_limit_input = **gates.validator.check_body(std::move(before_check_body), {}, {});
#else
  auto before_limit_input = std::move(before_check_body);
#endif
#ifndef WITHOUT_limit_input
  auto before_decide = *gates.limits.admit_input(std::move(before_limit_input), gates.evaluator, nullptr);
#else
  auto before_decide = std::move(before_limit_input);
#endif
#ifndef WITHOUT_decide
  auto permit = *Decider::decide(std::move(before_decide), gates.evaluator);
#else
  auto permit = std::move(before_decide);
#endif
  [[maybe_unused]] auto called = target.call(permit, call, response, exchange.report);

  // A proof knows its request: there is no parameter for another request's operation, principal or input.
#ifdef WITH_operation_of_another
  auto matched = *Router::route(exchange);
  auto admitted = *gates.limits.admit_address(std::move(matched), other.checked.operation());
#endif
#ifdef WITH_principal_of_another
  auto matched = *Router::route(exchange);
  auto permission = *Permitter::permit(std::move(matched), *other.checked.principal());
#endif
#ifdef WITH_permit_of_another_operation
  auto again = *gates.filter.pass(std::move(permit), other.checked);
#endif
#ifdef WITH_a_copied_proof
  auto second = permit;
#endif
#ifdef WITH_a_proof_from_nothing
  Permit forged(exchange.checked);
#endif
#ifdef WITH_a_proof_of_the_one_before
  Permit forged(std::move(before_decide));
#endif
#ifdef WITH_a_checked_operation_that_is_written
  exchange.checked.operation_ = other.checked.operation();
#endif

  // Only an answer that the response filter has passed, or that respond() makes from a refusal, is written.
#ifdef WITH_an_answer_that_no_filter_passed
  const Released released(exchange);
#endif
#ifndef WITHOUT_filter
  const Released released = *gates.filter.pass(std::move(permit));
#else
  const Response& released = response;
#endif
  write_head(out, released, http::Persistence::keep_alive, {}, {});
#ifdef WITH_an_answer_that_is_changed_behind_the_filter
  exchange.answer.response_.status = 200;
#endif
  static_cast<void>(other);
}

}  // namespace gatehouse::gate
