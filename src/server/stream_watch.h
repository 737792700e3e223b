// Checks once a second whether a long answer may continue.
#pragma once

#include <memory>
#include <optional>

#include "core/verdict.h"
#include "gate/exchange.h"
#include "net/loop.h"
#include "server/carrier.h"

namespace gatehouse::server {

struct Serving;
class Worker;

// Whether the authorities that vouched for the client's certificate, if it showed one, still count.
bool vouched_for(const Client& client, const Serving& now);

// Of the exchange whose answer `carrier` takes; both outlive it. When the answer may go on no more, it calls
// Carrier::end_now().
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
  std::shared_ptr<const policy::PolicySet> judged_by_;  // need not be asked again; null: none
  std::optional<Reason> ended_;
};

}  // namespace gatehouse::server
