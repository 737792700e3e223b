#include "server/stream_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kWatchEvery{1};

}  // namespace

bool vouched_for(const gate::Peer& peer, const net::ServerTls* shaken, const Listening& now) {
  return peer.certificate.empty() || shaken == now.tls.get() ||
         shaken->client_authorities() == now.tls->client_authorities();
}

StreamWatch::StreamWatch(Worker& worker, const gate::Exchange& exchange, net::Stream& stream,
                         std::shared_ptr<const net::ServerTls> shaken)
    : Timer(worker.loop().timers()),
      worker_(worker),
      exchange_(exchange),
      stream_(stream),
      shaken_(std::move(shaken)),
      judged_by_(exchange.policy) {
  arm(worker_.loop().now() + kWatchEvery);
}

void StreamWatch::expired() {
  const MonotonicTime now = worker_.loop().now();
  if (const Verdict<void> holds = still_allowed(); !holds) {
    ended_ = holds.error().reason;
    stream_.set_deadline(now);
    stream_.end_work_by(now);
    return;
  }
  arm(now + kWatchEvery);
}

Verdict<void> StreamWatch::still_allowed() {
  if (!exchange_.checked.principal() || exchange_.checked.operation() == nullptr) return {};
  GATEHOUSE_CHECK(exchange_.checked.principal()->in_force(worker_.shared().clock.wall()));
  if (!vouched_for(*exchange_.peer, shaken_.get(), *worker_.serving()->listening))
    return refuse(Reason::credential_unknown);
  const std::shared_ptr<const policy::PolicySet>& policy = worker_.serving()->runner->shared_policy();
  if (policy == judged_by_) return {};
  GATEHOUSE_CHECK(judge_by(*policy));
  judged_by_ = policy;
  return {};
}

Verdict<void> StreamWatch::judge_by(const policy::PolicySet& policy) const {
  const policy::Operation* const operation = policy.find(exchange_.checked.operation()->name);
  if (operation == nullptr) return refuse(Reason::no_such_operation);
  const auto proves = [&](const Identity& one) {
    return one.scheme.empty() ||
           std::ranges::any_of(policy.authenticators, [&](const policy::AuthenticatorPolicy& authenticator) {
             return authenticator.name == one.scheme;
           });
  };
  const Principal& principal = *exchange_.checked.principal();
  for (const IdentityPointer& one : principal.beside()) {
    if (!proves(*one)) return refuse(Reason::credential_unknown);
  }
  if (!proves(principal.identity())) return refuse(Reason::credential_unknown);
  const PermissionSet permissions = policy.permissions_of(principal->roles, principal->kind);
  if (!permissions.contains(operation->permission_index)) return refuse(Reason::permission_missing);
  return {};
}

}  // namespace gatehouse::server
