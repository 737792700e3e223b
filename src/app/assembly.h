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
#include "target/fixed_fields.h"
#include "target/handler.h"
#include "target/upstream.h"

namespace gatehouse::app {

// The C++ functions that operations may name with `handler:`. The program that links its own functions fills
// it before a configuration is loaded.
handler::Handlers& handlers();
std::vector<std::string> handler_names();

// The objects that all workers share under one policy, in addition to the resources.
struct SharedParts {
  std::shared_ptr<const policy::PolicySet> policy;
  std::shared_ptr<target::Database> database;   // null where no operation has a statement
  std::shared_ptr<RevocationFile> revocations;  // null where the configuration names no list
  // By upstream: the authorities that its certificates are held against, and all that its connections depend
  // on, as a text that is compared.
  struct Upstream {
    std::shared_ptr<const net::ClientTls> tls;
    target::FixedFields fixed;
    std::string identity;
  };
  std::map<std::string, Upstream> upstreams;
};

// One worker's connections to upstreams, by name. A reload keeps those whose upstream is unchanged, with
// their connections and the state of their addresses.
struct UpstreamWay {
  std::string identity;
  std::shared_ptr<target::UpstreamClient> client;
};
using UpstreamWays = std::map<std::string, UpstreamWay>;

// Opens the shared objects of this policy (issuers' keys, upstreams' authorities); returns an error before
// any worker has changed.
Result<SharedParts> prepare(std::shared_ptr<const policy::PolicySet> policy, ProcessResources& resources);

// Everything that one worker needs to answer under the policy. Called on the worker's thread; does not change
// the serving objects.
struct WorkerParts {
  gate::Parts parts;
  UpstreamWays ways;
};
Result<WorkerParts> assemble(const SharedParts& shared, const UpstreamWays& kept, ProcessResources& resources,
                             net::Loop& loop);

}  // namespace gatehouse::app
