// The keys of token issuers, one source for each place that they come from: shared by all workers, kept over
// reloads, and ended when no authenticator asks for them any more.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/blocking_pool.h"
#include "net/loop_thread.h"
#include "policy/policy_set.h"
#include "server/jwks_source.h"

namespace gatehouse::app {

class IssuerKeys {
 public:
  // `background` fetches and `threads` read files; both outlive this. `tell` is called on a thread of its
  // own.
  IssuerKeys(net::LoopThread& background, net::BlockingPool& threads, server::JwksSource::Tell tell);
  // A statement that nothing stops may hold the credential that it was asked with, and so its source, to the
  // end of the process.
  ~IssuerKeys();
  IssuerKeys(const IssuerKeys&) = delete;
  IssuerKeys& operator=(const IssuerKeys&) = delete;

  // The keys of that issuer; `authenticator` names it in messages. A file that cannot be read fails.
  Result<std::shared_ptr<server::JwksSource>> of(const std::string& authenticator,
                                                 const policy::JwtSettings& jwt);
  // Has everything that the policy names fetched anew, and waits for files; one that cannot be read fails.
  Result<> fetch_anew(const policy::PolicySet& policy);
  // Ends fetching for issuers that the policy does not name.
  void retire_others(const policy::PolicySet& policy);

  // For metrics: over all sources.
  std::uint64_t failures() const;
  std::chrono::seconds oldest() const;  // since the last good answer

 private:
  net::LoopThread& background_;
  net::BlockingPool& threads_;
  const server::JwksSource::Tell tell_;
  // An operator's terminal may stand still, and the loop fetches other issuers' keys meanwhile. Where too
  // many reports wait, later ones are dropped.
  net::BlockingPool teller_;
  mutable std::mutex mutex_;  // workers assemble their parts at the same time
  std::map<std::string, std::shared_ptr<server::JwksSource>> sources_;
  std::vector<std::shared_ptr<server::JwksSource>> retired_;  // until the last exchange has let go
  std::uint64_t past_failures_ = 0;
};

}  // namespace gatehouse::app
