#include "gate/runner.h"

#include <algorithm>
#include <stdexcept>

#include "core/present_policy.h"
#include "core/secret_forms.h"
#include "gate/arrive.h"
#include "gate/decide.h"
#include "gate/marked_secrets.h"
#include "gate/permit.h"
#include "gate/record.h"
#include "gate/respond.h"
#include "gate/route.h"
#include "gate/same_answer.h"

namespace gatehouse::gate {
namespace {

// the longest wait of a request for the keys of its issuer
constexpr std::chrono::seconds kIdentityPatience{3};
constexpr std::chrono::seconds kIntentPatience{3};  // how long one waits for the disk to take its intent

// Refusals for another caller's object and for a missing one leave at the same times after the lookup began,
// so that the time does not reveal the object. If it counted from the request's beginning, a caller could
// choose, by the end of its body, the distance to the next of these times.
constexpr std::chrono::milliseconds kHiddenGrid{20};

MonotonicTime next_hidden_answer(MonotonicTime asked, MonotonicTime now) {
  return asked + ((now - asked) / kHiddenGrid + 1) * kHiddenGrid;
}

// The strongest effect that cannot be excluded. A refused statement is rolled back. `refused` is the target's
// refusal; null: it answered.
Effect effect_of(const Refusal* refused, const Exchange& exchange, const Response& response) {
  const policy::Operation& operation = *exchange.checked.operation();
  if (refused == nullptr) return response.status < 400 ? Effect::done : Effect::unknown;
  // Whatever the refusal says: it may be of a later attempt, or of the end of an upload.
  if (operation.upstream() != nullptr) return exchange.report.sent ? Effect::unknown : Effect::none;
  // A gate's refusal: the conditions were asked in the transaction, or the credential ended before it.
  if (refused->stage() != Stage::call) return Effect::none;
  switch (refused->reason) {
    case Reason::statement_refused:
    case Reason::row_missing:
    case Reason::database_changed:
    case Reason::database_overloaded:
    case Reason::handler_overloaded: return Effect::none;
    case Reason::answers_overloaded: return operation.handler() != nullptr ? Effect::done : Effect::none;
    default: return Effect::unknown;
  }
}

bool hides_object(const policy::Operation& operation, const Refusal& refusal) {
  return operation.resource && operation.hide == policy::Hide::yes && refusal.stage() == Stage::authorise &&
         refusal.answer == RefusalAnswer::not_found;
}

}  // namespace

Runner::Runner(Parts parts, LimitStore& limits, AuditSink& audit, const Clock& clock)
    : parts_(std::move(parts)),
      audit_(audit),
      clock_(clock),
      limiter_(limits),
      identifier_(*parts_.policy, parts_.schemes) {
  const auto is_null = [](const OperationParts& one) {
    return std::visit([](const auto& target) { return target == nullptr; }, one.target);
  };
  if (parts_.operations.size() != parts_.policy->operations.size() ||
      std::ranges::any_of(parts_.operations, is_null))
    throw std::logic_error("an operation without a target");
}

// The order of the gates is the security of the system. Each consumes the proof of the one before it. Cheap
// gates come first, and before the permission is proven no byte of the body is read.
net::Task<Verdict<Input>> Runner::admit(Exchange& exchange, BodyReader& body) {
  if (!audit_.accepting()) co_return refuse(Reason::record_unavailable);

  // 1. The operation. Requests without an operation are limited by address, so that guessing paths is not
  //    free.
  Verdict<Matched> matched = Router::route(exchange);
  if (!matched) {
    GATEHOUSE_CO_CHECK(limiter_.charge_unmatched(exchange, clock_.monotonic()));
    co_return std::unexpected(matched.error());
  }

  // 2. Not too often from this address: before any cryptography is spent on it.
  GATEHOUSE_CO_TRY(Admitted admitted, limiter_.admit_address(*std::move(matched)));

  GATEHOUSE_CO_CHECK(Router::answers_now(exchange));

  // 3. The principal.
  const MonotonicTime patience = exchange.started + kIdentityPatience;
  auto identified = identifier_.identify(std::move(admitted), exchange.received, patience);
  if (auto* const pending = identified ? std::get_if<Identifier::Pending>(&*identified) : nullptr) {
    auto waited = co_await identifier_.identify_waiting(admitted, std::move(*pending), clock_, patience);
    if (waited) {
      identified = *std::move(waited);
    } else {
      identified = std::unexpected(waited.error());
    }
  }
  // 4. The limits by principal: every proven principal pays for its requests, also for refused ones.
  if (!identified) {
    if (!exchange.proven.empty())
      GATEHOUSE_CO_CHECK(limiter_.charge_unidentified(admitted, identified.error()));
    co_return std::unexpected(identified.error());
  }
  GATEHOUSE_CO_TRY(Counted counted, limiter_.admit_principal(std::get<Identified>(*std::move(identified))));

  // 5. The permission of this principal.
  GATEHOUSE_CO_TRY(Permission permission, Permitter::permit(std::move(counted)));

  // 6. The input: the head, then the body, which is read only now.
  GATEHOUSE_CO_TRY(HeadChecked head, validator_.check_head(std::move(permission)));
  std::string_view bytes;
  const Validator::Reading reading = Validator::reading_of(head);
  if (reading != Validator::Reading::none) {
    if (exchange.bodies != nullptr)
      exchange.body_memory = (*exchange.bodies)->lease(head.principal().identity(), exchange.client);
    if (reading == Validator::Reading::stream) {
      auto begun = co_await begin_upload(exchange, body);
      GATEHOUSE_CO_CHECK(std::move(begun));
    } else {
      const bool wanted = reading == Validator::Reading::whole;
      auto read = co_await body.read(wanted ? head.operation().body_bytes : 0, exchange.body_memory);
      if (!read && !wanted && read.error().reason == Reason::body_too_large)
        co_return Validator::refuse_unwanted(exchange, head.operation());
      GATEHOUSE_CO_TRY(bytes, std::move(read));
    }
    exchange.body_bytes = body.arrived_bytes();
    // A body takes time: a credential may have ended meanwhile.
    if (has_waited(exchange)) {
      GATEHOUSE_CO_CHECK(head.principal().in_force(clock_.wall()));
    }
  }
  GATEHOUSE_CO_TRY(std::optional<BodyChecked> sent,
                   validator_.check_body(std::move(head), bytes, parts_.long_checks));
  if (!sent) {
    auto finished = co_await Validator::check_long(std::move(head), bytes, parts_.long_checks);
    GATEHOUSE_CO_TRY(sent, std::move(finished));
  }

  // 7. Not too often about this (an e-mail address, an account), now that it is known; and not too many at
  // once, until the answer has ended.
  const std::shared_ptr<CallerShares>& places = parts_of(sent->operation()).concurrency;
  co_return limiter_.admit_input(*std::move(sent), evaluator_, places);
}

// A body of a known length is not touched before its target asks for it. In chunks it may turn out to be
// none.
net::Task<Verdict<void>> Runner::begin_upload(Exchange& exchange, BodyReader& body) {
  const http::BodyFraming& framing = exchange.head.body;
  const bool chunked = framing.kind == http::BodyKind::chunked;
  exchange.upload.emplace(
      Upload::Of{body, exchange.body_memory, *exchange.checked.principal(), clock_, exchange.present,
                 exchange.checked.operation()->body_bytes,
                 chunked ? std::optional<std::uint64_t>() : std::optional<std::uint64_t>(framing.length)});
  if (!chunked) co_return Verdict<void>();
  auto begun = co_await exchange.upload->begin();
  GATEHOUSE_CO_TRY(const bool has_bytes, std::move(begun));
  if (!has_bytes) exchange.upload.reset();
  co_return Verdict<void>();
}

net::Task<Verdict<Released>> Runner::call(Input input) {
  Exchange& exchange = input.exchange();
  const policy::Operation& operation = input.operation();
  const Principal& principal = input.principal();
  OperationParts& parts = parts_of(operation);
  // 8. Whether the conditions hold on this very object. Where the target finds it, it asks in the statement
  // or the transaction that is the answer.
  const Call call = call_of(input);
  if (operation.resource) exchange.object_asked = clock_.monotonic();
  if (const auto* const target = std::get_if<std::unique_ptr<TransactionalTarget>>(&parts.target)) {
    GATEHOUSE_CO_TRY(const auto decision, Decider::defer(std::move(input), evaluator_));
    if (!operation.sensitive.empty()) {
      auto intended = co_await record_intent(exchange);
      GATEHOUSE_CO_CHECK(std::move(intended));
    }
    GATEHOUSE_CO_CHECK(still_admits(exchange));
    exchange.on_hang_up = parts.on_hang_up;
    exchange.effect = Effect::unknown;
    auto called = co_await (*target)->call(decision, call, exchange.answer.response_, exchange.report);
    exchange.effect = effect_of(called ? nullptr : &called.error(), exchange, exchange.answer.response_);
    GATEHOUSE_CO_TRY(Permit permit, std::move(called));
    co_return response_filter_.pass(std::move(permit));
  }
  if (ResourceLookup* const lookup = parts.lookup.get()) {
    if (has_waited(exchange)) {
      GATEHOUSE_CO_CHECK(principal.in_force(clock_.wall()));
    }
    auto found = co_await lookup->find(input, call, exchange.row, exchange.report);
    GATEHOUSE_CO_CHECK(principal.in_force(clock_.wall()));
    if (!found) co_return std::unexpected(Decider::refused_lookup(operation, found.error()));
  }
  GATEHOUSE_CO_TRY(Permit permit, Decider::decide(std::move(input), evaluator_));

  // 9. The answer, and the part of it that may leave.
  if (!operation.sensitive.empty()) {
    auto intended = co_await record_intent(exchange);
    GATEHOUSE_CO_CHECK(std::move(intended));
  }
  GATEHOUSE_CO_CHECK(still_admits(exchange));  // and the target asks after its own waits
  exchange.on_hang_up = parts.on_hang_up;
  exchange.effect = Effect::unknown;
  Target& target = *std::get<std::unique_ptr<Target>>(parts.target);
  auto called = co_await target.call(permit, call, exchange.answer.response_, exchange.report);
  exchange.effect = effect_of(called ? nullptr : &called.error(), exchange, exchange.answer.response_);
  GATEHOUSE_CO_CHECK(std::move(called));
  co_return response_filter_.pass(std::move(permit));
}

// A loop's time is that of the beginning of its turn: it is later than the request's only in a later turn.
bool Runner::has_waited(const Exchange& exchange) const {
  return parts_.loop == nullptr || parts_.loop->now() > exchange.started;
}

Verdict<void> Runner::still_admits(const Exchange& exchange) const {
  if (!has_waited(exchange)) return {};
  GATEHOUSE_CHECK(exchange.checked.principal()->in_force(clock_.wall()));
  return exchange.present != nullptr ? exchange.present->still_admits() : Verdict<void>();
}

net::Task<Verdict<void>> Runner::record_intent(Exchange& exchange) {
  const MonotonicTime now = clock_.monotonic();
  EventBuilder builder;  // the request's own: the sink may read the event when other requests have run
  const Event intent = builder.build_intent(exchange, now);
  const MonotonicTime deadline =
      std::min(exchange.started + exchange.checked.operation()->timeout, now + kIntentPatience);
  auto recorded = co_await audit_.record_durably(intent, deadline);
  if (recorded) co_return Verdict<void>();
  exchange.detail = std::move(recorded.error().text);
  co_return refuse(Reason::record_unavailable, exchange.checked.operation()->name);
}

net::Task<Answered> Runner::answer(Exchange& exchange, BodyReader& body) {
  Refusal refusal;
  auto admitted = co_await admit(exchange, body);
  if (admitted) {
    auto called = co_await call(*std::move(admitted));
    if (called) co_return Answered{*std::move(called), std::nullopt};
    refusal = called.error();
  } else {
    refusal = admitted.error();
    if (asks_for_methods(exchange, refusal)) co_return Answered{respond_methods(exchange), std::nullopt};
  }
  if (!exchange.report.original_head.empty() || !exchange.report.original_body.empty()) {
    if (exchange.marked == MarkedSecrets::too_many) {
      exchange.report.original_head = "";
      exchange.report.original_body = "[not kept: the request had more secrets than are searched for]";
    }
    std::vector<std::string_view> secrets = secrets_of(exchange);
    secrets.insert(secrets.end(), exchange.report.upstream_secrets.begin(),
                   exchange.report.upstream_secrets.end());
    // A text with the form of a credential is one, of any owner: also the upstream's own.
    audit_.keep_original(exchange.id->text(), exchange.report.upstream_status,
                         without_credentials(exchange.report.original_head),
                         without_credentials(exchange.report.original_body), secrets);
  }
  const policy::Operation* const operation = exchange.checked.operation();
  const bool hides = operation != nullptr && hides_object(*operation, refusal);
  if (hides && parts_.loop != nullptr) {
    const MonotonicTime asked = std::max(exchange.object_asked, exchange.report.object_asked);
    co_await net::sleep_until(*parts_.loop, next_hidden_answer(asked, clock_.monotonic()));
  }
  co_return Answered{respond(exchange, refusal), refusal};
}

Verdict<Runner::Again> Runner::ask_again(Exchange& answered,
                                         const std::shared_ptr<const Instructions>& instructions) {
  const auto asked = std::make_unique<Exchange>();
  asked->begin(parts_.policy, *answered.peer);
  asked->instructions = instructions;
  asked->head = answered.head;
  asked->client = answered.client;
  asked->authority = answered.authority;
  asked->via = answered.via;
  asked->trace_origin = answered.trace_origin;
  asked->id = answered.id;
  asked->received = clock_.wall();
  asked->started = clock_.monotonic();
  GATEHOUSE_CHECK(admits_address(*asked));
  GATEHOUSE_TRY(Matched matched, Router::route(*asked));
  if (matched.operation().name != answered.checked.operation()->name)
    return refuse(Reason::no_such_operation);
  auto identified =
      identifier_.identify(LimitGate::again(std::move(matched)), asked->received, asked->started);
  if (!identified) return std::unexpected(identified.error());
  if (std::holds_alternative<Identifier::Pending>(*identified)) return Again{};
  Counted counted = LimitGate::again(std::get<Identified>(*std::move(identified)));
  Again again{Again::Holds::with_principal, counted.principal()};
  if (counted.principal()->id != (*answered.checked.principal())->id)
    return refuse(Reason::credential_unknown);
  GATEHOUSE_TRY(Permission permission, Permitter::permit(std::move(counted)));
  GATEHOUSE_TRY(HeadChecked head, validator_.check_head(std::move(permission)));
  const policy::Operation& operation = head.operation();
  if (!finds_the_same(*asked, answered)) return refuse(Reason::condition_error, operation.name);
  if (std::holds_alternative<std::unique_ptr<TransactionalTarget>>(parts_of(operation).target)) {
    // A statement or transaction found the object, which is not known here.
    if (!same_conditions(operation, *answered.checked.operation()))
      return refuse(Reason::condition_error, operation.name);
    return again;
  }
  BodyChecked sent = Validator::as_before(std::move(head), answered.checked);
  std::swap(asked->row, answered.row);  // lent
  const auto decided = Decider::decide(LimitGate::again(std::move(sent)), evaluator_);
  std::swap(asked->row, answered.row);
  if (!decided) return std::unexpected(decided.error());
  if (Decider::depends_on_time(operation)) again.holds = Again::Holds::now;
  return again;
}

Call Runner::call_of(const Input& input) const {
  Exchange& exchange = input.exchange();
  const policy::Operation& operation = input.operation();
  return Call{.head = exchange.head,
              .operation = operation.name,
              .request_id = exchange.via == Via::trusted_proxy && !exchange.sent_id.empty()
                                ? exchange.sent_id
                                : exchange.id->text(),
              .path = exchange.head.path,
              .client = exchange.client,
              .client_text = exchange.client_text,
              .authority = exchange.authority,
              .early_data = exchange.early_data,
              .trace = exchange.trace,
              .received = exchange.received,
              .deadline = exchange.started + operation.timeout,
              .timeout = operation.timeout,
              .clock = clock_,
              .carriers = exchange.policy->carriers,
              .forwards = operation.forwards,
              .passages = exchange.passages,
              .answers = operation.answers,
              .place = exchange.place,
              .memory = exchange.bodies,
              .upload = exchange.upload ? &*exchange.upload : nullptr,
              .present = exchange.present};
}

}  // namespace gatehouse::gate
