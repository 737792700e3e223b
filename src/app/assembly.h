// The product's parts list: which scheme, target and lookup stands behind which word of the configuration.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/process_resources.h"
#include "app/revocation_file.h"
#include "base/result.h"
#include "gate/runner.h"
#include "net/loop.h"
#include "policy/policy_set.h"
#include "target/handler.h"
#include "target/upstream.h"

namespace gatehouse::app {

// The C++ functions that operations may name with `handler:`. Filled by those who link their own in, before a
// configuration is loaded.
handler::Handlers& handlers();
std::vector<std::string> handler_names();

// What all workers share under one policy, beside the resources.
struct SharedParts {
  std::shared_ptr<const policy::PolicySet> policy;
  std::shared_ptr<target::Database> database;   // null where no operation has a statement
  std::shared_ptr<RevocationFile> revocations;  // null where the configuration names no list
  // By upstream: the authorities that its certificates are held against, and all that its connections depend
  // on, as a text that is compared.
  struct Upstream {
    std::shared_ptr<const net::ClientTls> tls;
    std::string identity;
  };
  std::map<std::string, Upstream> upstreams;
};

// One worker's ways to upstreams, by name. Those whose upstream is as it was are kept over a reload, with
// their connections and what is known about their addresses.
struct UpstreamWay {
  std::string identity;
  std::shared_ptr<target::UpstreamClient> client;
};
using UpstreamWays = std::map<std::string, UpstreamWay>;

// Opens what all workers share for this policy (issuers' keys, upstreams' authorities), with an error before
// any worker has changed.
Result<SharedParts> prepare(std::shared_ptr<const policy::PolicySet> policy, ProcessResources& resources);

// What one worker needs to answer under the policy. Called on the worker's thread; changes nothing that
// serves already.
struct WorkerParts {
  gate::Parts parts;
  UpstreamWays ways;
};
Result<WorkerParts> assemble(const SharedParts& shared, const UpstreamWays& kept, ProcessResources& resources,
                             net::Loop& loop);

}  // namespace gatehouse::app
