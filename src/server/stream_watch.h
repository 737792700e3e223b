// Whether a request that waits, or a long answer, is still admitted.
#pragma once

#include <memory>
#include <optional>

#include "core/target.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "net/loop.h"
#include "server/carrier.h"

namespace gatehouse::server {

struct Serving;
class Worker;

// Whether the authorities that vouched for the client's certificate, if it showed one, still count.
bool vouched_for(const Client& client, const Serving& now);

// What a request is judged by.
struct JudgedBy {
  std::shared_ptr<const policy::PolicySet> policy;
  std::shared_ptr<const Instructions> instructions;
  bool are(const std::shared_ptr<const policy::PolicySet>& a_policy,
           const std::shared_ptr<const Instructions>& some_instructions) const {
    return policy == a_policy && instructions == some_instructions;
  }
};

// Of the exchange that begins: it outlives the event of the exchange.
class ServingPolicy final : public PresentPolicy {
 public:
  ServingPolicy(Worker& worker, gate::Exchange& exchange, const Client& client);
  Verdict<void> still_admits() override;

 private:
  Worker& worker_;
  gate::Exchange& exchange_;
  const Client& client_;
  JudgedBy admitted_by_;                                 // need not be asked again; no policy: none
  std::shared_ptr<const policy::PolicySet> refused_by_;  // a refusal names parts of it
};

// Checks once a second whether a long answer may continue. Of the exchange whose answer `carrier` takes; both
// outlive it. When the answer may go on no more, it calls Carrier::end_now().
class StreamWatch final : private net::Timer {
 public:
  StreamWatch(Worker& worker, gate::Exchange& exchange, Carrier& carrier);

  // Why the answer must not go on; nothing: it may.
  const std::optional<Reason>& ended() const { return ended_; }

 private:
  void expired() override;
  // Whether the credentials are in force, and the policy of now lets the request in.
  Verdict<void> still_allowed();

  Worker& worker_;
  gate::Exchange& exchange_;
  Carrier& carrier_;
  JudgedBy judged_by_;  // need not be asked again; no policy: none
  std::optional<Reason> ended_;
};

}  // namespace gatehouse::server
