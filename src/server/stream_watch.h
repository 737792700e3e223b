// Whether a request that waits, or a long answer, is still admitted.
#pragma once

#include <memory>
#include <optional>
#include <tuple>

#include "core/present_policy.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "gate/runner.h"
#include "net/loop.h"
#include "server/carrier.h"

namespace gatehouse::server {

struct Serving;
class Worker;

// Whether the authorities that vouched for the client's certificate, if it showed one, still count.
bool vouched_for(const Client& client, const Serving& now);

// Of the exchange that begins: it outlives the event of the exchange.
class ServingPolicy final : public PresentPolicy {
 public:
  ServingPolicy(Worker& worker, gate::Exchange& exchange, const Client& client);
  // Of a request that waits. Refuses it while the keys that the policy of now names are being fetched.
  Verdict<void> still_admits() override;
  // Of a running answer. It may continue while such keys are being fetched. A condition that reads the time
  // is evaluated at each call.
  Verdict<void> still_answers();
  std::shared_ptr<const PolicyChanges> changes() const override;

 private:
  using Holds = gate::Runner::Again::Holds;
  using Policy = std::shared_ptr<const policy::PolicySet>;
  using Given = std::shared_ptr<const Instructions>;
  // What decides about a request. References: to compare copies no pointer.
  using Judge = std::tuple<const Policy&, const Given&>;
  Judge judge_of_now() const;
  bool is_of_request() const;
  bool is_admitted_by_now() const;
  Verdict<Holds> ask();
  // Whether the credentials are, as the policy that admitted the request and as the last one that was asked
  // say.
  Verdict<void> in_force() const;

  Worker& worker_;
  gate::Exchange& exchange_;
  const Client& client_;
  std::tuple<Policy, Given> admitted_by_;  // need not be asked again; no policy: none
  Policy refused_by_;                      // a refusal names parts of it
  std::optional<Principal> principal_;     // as the last policy that was asked proves it
};

// Checks once a second whether a long answer may continue. Of the exchange whose answer `carrier` takes; all
// outlive it. When the answer may go on no more, it calls Carrier::end_now().
class StreamWatch final : private net::Timer {
 public:
  StreamWatch(net::Loop& loop, ServingPolicy& present, Carrier& carrier);

  // Why the answer must not go on; nothing: it may.
  const std::optional<Reason>& ended() const { return ended_; }

 private:
  void expired() override;

  net::Loop& loop_;
  ServingPolicy& present_;
  Carrier& carrier_;
  std::optional<Reason> ended_;
};

}  // namespace gatehouse::server
