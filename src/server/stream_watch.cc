#include "server/stream_watch.h"

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

StreamWatch::StreamWatch(Worker& worker, gate::Exchange& exchange, net::Stream& stream,
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
  // What a reload changes holds for the answers that go on, too: who may ask, for what, and under which
  // conditions.
  GATEHOUSE_TRY(const gate::Runner::Again again, worker_.serving()->runner->ask_again(exchange_));
  if (again == gate::Runner::Again::allowed) judged_by_ = policy;
  return {};
}

}  // namespace gatehouse::server
