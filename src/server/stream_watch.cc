#include "server/stream_watch.h"

#include <chrono>
#include <utility>

#include "gate/decide.h"
#include "policy/policy_set.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kWatchEvery{1};

}  // namespace

ServingPolicy::ServingPolicy(Worker& worker, gate::Exchange& exchange, const Client& client)
    : worker_(worker), exchange_(exchange), client_(client) {}

std::shared_ptr<const PolicyChanges> ServingPolicy::changes() const { return worker_.changes(); }

Verdict<void> ServingPolicy::still_admits() {
  if (!vouched_for(client_, *worker_.serving())) return refuse(Reason::credential_unknown);
  if (!is_of_request() && !is_admitted_by_now()) {
    GATEHOUSE_TRY(const Holds holds, ask());
    if (holds == Holds::not_known_yet) return refuse(Reason::keys_unavailable);
    admitted_by_ = judge_of_now();
  }
  return in_force();
}

Verdict<void> ServingPolicy::still_answers() {
  const policy::Operation* const operation = exchange_.checked.operation();
  if (!exchange_.checked.principal() || operation == nullptr) return {};
  if (!vouched_for(client_, *worker_.serving())) return refuse(Reason::credential_unknown);
  const bool settled =
      is_admitted_by_now() || (is_of_request() && !gate::Decider::depends_on_time(*operation));
  if (!settled) {
    GATEHOUSE_TRY(const Holds holds, ask());
    if (holds == Holds::with_principal) admitted_by_ = judge_of_now();
  }
  return in_force();
}

ServingPolicy::Judge ServingPolicy::judge_of_now() const {
  return {worker_.serving()->runner->shared_policy(), worker_.instructions()};
}

bool ServingPolicy::is_of_request() const {
  return judge_of_now() == Judge(exchange_.policy, exchange_.instructions);
}

bool ServingPolicy::is_admitted_by_now() const { return judge_of_now() == admitted_by_; }

Verdict<ServingPolicy::Holds> ServingPolicy::ask() {
  const auto& [policy, instructions] = judge_of_now();
  auto again = worker_.serving()->runner->ask_again(exchange_, instructions);
  if (!again) {
    refused_by_ = policy;
    return std::unexpected(again.error());
  }
  if (again->principal) principal_ = *std::move(again->principal);
  return again->holds;
}

Verdict<void> ServingPolicy::in_force() const {
  const WallTime now = worker_.shared().clock.wall();
  GATEHOUSE_CHECK(exchange_.checked.principal()->in_force(now));
  return principal_ ? principal_->in_force(now) : Verdict<void>();
}

bool vouched_for(const Client& client, const Serving& now) {
  const auto& tls = now.listener(client.listener).tls;
  return client.peer.certificate.empty() || client.shaken == tls ||
         client.shaken->client_authorities() == tls->client_authorities();
}

StreamWatch::StreamWatch(net::Loop& loop, ServingPolicy& present, Carrier& carrier)
    : Timer(loop.timers()), loop_(loop), present_(present), carrier_(carrier) {
  arm(loop_.now() + kWatchEvery);
}

void StreamWatch::expired() {
  if (const Verdict<void> holds = present_.still_answers(); !holds) {
    ended_ = holds.error().reason;
    carrier_.end_now();
    return;
  }
  arm(loop_.now() + kWatchEvery);
}

}  // namespace gatehouse::server
