// The keys of token issuers, one source for each place that they come from: shared by all workers, kept over
// reloads, and ended when no authenticator asks for them any more.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/policy_set.h"
#include "server/jwks_source.h"

namespace gatehouse::app {

class IssuerKeys {
 public:
  explicit IssuerKeys(server::JwksSource::Tell tell) : tell_(std::move(tell)) {}
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
  // Ends fetching for what the policy does not name. May wait for a fetch that is under way.
  void retire_others(const policy::PolicySet& policy);

  // For metrics: over all sources.
  std::uint64_t failures() const;
  std::chrono::seconds oldest() const;  // since the last good answer

 private:
  const server::JwksSource::Tell tell_;
  mutable std::mutex mutex_;  // workers assemble their parts at the same time
  std::map<std::string, std::shared_ptr<server::JwksSource>> sources_;
  std::vector<std::shared_ptr<server::JwksSource>> retired_;  // until the last exchange has let go
  std::uint64_t past_failures_ = 0;
};

}  // namespace gatehouse::app
