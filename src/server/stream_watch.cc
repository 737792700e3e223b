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

Verdict<void> ServingPolicy::still_admits() {
  const Serving& now = *worker_.serving();
  if (!vouched_for(client_, now)) return refuse(Reason::credential_unknown);
  const std::shared_ptr<const policy::PolicySet>& policy = now.runner->shared_policy();
  const std::shared_ptr<const Instructions>& instructions = worker_.instructions();
  if (policy == exchange_.policy && instructions == exchange_.instructions) return {};
  if (admitted_by_.are(policy, instructions)) return {};
  const auto again = now.runner->ask_again(exchange_, instructions);
  if (!again) {
    refused_by_ = policy;
    return std::unexpected(again.error());
  }
  if (*again != gate::Runner::Again::not_known_yet) admitted_by_ = {policy, instructions};
  return {};
}

bool vouched_for(const Client& client, const Serving& now) {
  const auto& tls = now.listener(client.listener).tls;
  return client.peer.certificate.empty() || client.shaken == tls ||
         client.shaken->client_authorities() == tls->client_authorities();
}

StreamWatch::StreamWatch(Worker& worker, gate::Exchange& exchange, Carrier& carrier)
    : Timer(worker.loop().timers()), worker_(worker), exchange_(exchange), carrier_(carrier) {
  const policy::Operation* const operation = exchange.checked.operation();
  if (operation == nullptr || !gate::Decider::depends_on_time(*operation))
    judged_by_ = {exchange.policy, exchange.instructions};
  arm(worker_.loop().now() + kWatchEvery);
}

void StreamWatch::expired() {
  if (const Verdict<void> holds = still_allowed(); !holds) {
    ended_ = holds.error().reason;
    carrier_.end_now();
    return;
  }
  arm(worker_.loop().now() + kWatchEvery);
}

Verdict<void> StreamWatch::still_allowed() {
  if (!exchange_.checked.principal() || exchange_.checked.operation() == nullptr) return {};
  GATEHOUSE_CHECK(exchange_.checked.principal()->in_force(worker_.shared().clock.wall()));
  if (!vouched_for(carrier_.client(), *worker_.serving())) return refuse(Reason::credential_unknown);
  const std::shared_ptr<const policy::PolicySet>& policy = worker_.serving()->runner->shared_policy();
  const std::shared_ptr<const Instructions>& instructions = worker_.instructions();
  if (judged_by_.are(policy, instructions)) return {};
  // The changes of a reload, and of instructions, apply to running answers too: callers, operations and
  // conditions. Conditions that read the time are evaluated every second, under one policy as well.
  GATEHOUSE_TRY(const gate::Runner::Again again,
                worker_.serving()->runner->ask_again(exchange_, instructions));
  if (again == gate::Runner::Again::allowed) judged_by_ = {policy, instructions};
  return {};
}

}  // namespace gatehouse::server
