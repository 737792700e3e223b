#include "target/handler.h"

#include <exception>

#include "core/caller_shares.h"
#include "core/counted_memory.h"
#include "core/present_policy.h"
#include "target/held_request.h"

namespace gatehouse::target {
namespace {

using handler::Access;

json::Document copy_of(json::Value value) {
  return value ? json::Document::compact(value) : json::Document();
}

// The result of one run. The text of an exception is for operators.
struct HandlerRun {
  std::optional<handler::Answer> answer;
  std::string thrown;
  std::optional<Refusal> ended;  // the credential did, while a thread was waited for
  bool outdated = false;         // it was not begun, because the policy changed meanwhile
};

HandlerRun run(const handler::Handler& handler, const handler::HeldRequest& held) {
  try {
    return {Access::answer_of(handler, held), {}, {}, false};
  } catch (const std::exception& wrong) {
    return {std::nullopt, wrong.what(), {}, false};
  } catch (...) {
    return {std::nullopt, "the handler threw something other than a std::exception", {}, false};
  }
}

Refusal refusal_of(handler::Problem problem) {
  const Refusal refusal(Reason::handler_refused);
  switch (problem) {
    case handler::Problem::invalid: return refusal;
    case handler::Problem::forbidden: return refusal.shown_as(RefusalAnswer::forbidden);
    case handler::Problem::not_found: return refusal.shown_as(RefusalAnswer::not_found);
    case handler::Problem::unavailable: return refusal.shown_as(RefusalAnswer::unavailable);
    case handler::Problem::conflict: return refusal.shown_as(RefusalAnswer::conflict);
  }
  return Refusal(Reason::handler_failed);
}

Verdict<void> respond(const handler::Answer& answer, const Principal& principal, const Call& call,
                      Response& response, CallReport& report) {
  if (const auto problem = Access::problem(answer)) {
    report.said = Access::detail(answer);
    return std::unexpected(refusal_of(*problem));
  }
  const unsigned status = Access::status(answer);
  if (status < 200 || status > 299) {
    report.detail = "the handler answered with a status outside 200 to 299; return a Problem for an error";
    return refuse(Reason::handler_failed);
  }
  response.status = status;
  if (const auto& body = Access::body(answer)) {
    auto memory =
        CountedMemory::of_answer(call.memory, principal.identity(), call.client, body->text().size());
    if (!memory) {
      report.detail = "the handler has answered, but there is no memory for its answer, so it was dropped";
      return std::unexpected(memory.error());
    }
    response.memory = *std::move(memory);
    response.fields.add(http::FieldId::content_type, "Content-Type", "application/json");
    response.body = body->text();
  }
  return {};
}

}  // namespace

net::Task<Verdict<void>> HandlerTarget::call(const Permit& permit, const Call& call, Response& response,
                                             CallReport& report) {
  const CheckedRequest& request = permit.request();
  json::Document parameters = copy_of(request.parameters());
  json::Document body = copy_of(request.body());
  auto memory = CountedMemory::of_copies(call.memory, permit.principal().identity(), call.client,
                                         parameters.memory() + body.memory() + request.body_bytes().size());
  GATEHOUSE_CO_CHECK(memory);
  auto held = std::make_shared<const handler::HeldRequest>(
      permit.principal(), declared_, std::move(parameters), std::move(body),
      std::string(request.body_bytes()), std::string(call.operation), std::string(call.request_id),
      call.deadline, *std::move(memory));
  // A run that has waited for a thread until its deadline has no waiter any more.
  const auto job_after = [&](PolicyMark mark) {
    return [handler = handler_, held, place = call.place, &clock = call.clock, mark]() -> Result<HandlerRun> {
      if (clock.monotonic() > held->deadline) return HandlerRun{};
      if (mark.is_outdated()) return HandlerRun{{}, {}, {}, true};
      if (const auto holds = held->principal.in_force(clock.wall()); !holds) {
        return HandlerRun{{}, {}, holds.error()};
      }
      return run(handler, *held);
    };
  };
  Result<HandlerRun> ran = HandlerRun{};
  do {
    const PolicyMark mark(call.present);
    if (call.present != nullptr) GATEHOUSE_CO_CHECK(call.present->still_admits());
    auto job = job_after(mark);
    auto attempt = co_await threads_->run(loop_, std::move(job),
                                          caller_name(permit.principal().identity(), call.client));
    ran = std::move(attempt);
    if (!ran) {
      report.detail = ran.error().text;
      co_return refuse(Reason::handler_overloaded);
    }
  } while (ran->outdated);
  if (call.clock.monotonic() > call.deadline) {
    report.detail = "the handler answered after its request's deadline";
    co_return refuse(Reason::deadline_passed);
  }
  if (ran->ended) co_return std::unexpected(*ran->ended);
  if (!ran->answer) {
    report.detail = "the handler threw";
    report.said = std::move(ran->thrown);
    co_return refuse(Reason::handler_failed);
  }
  co_return respond(*ran->answer, permit.principal(), call, response, report);
}

}  // namespace gatehouse::target
