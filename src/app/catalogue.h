// The product's parts list: which scheme, target and lookup stands behind which word of the configuration.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/world.h"
#include "base/result.h"
#include "gate/runner.h"
#include "net/loop.h"
#include "policy/policy_set.h"
#include "target/handler.h"

namespace gatehouse::app {

// The C++ functions that operations may name with `handler:`. Filled by those who link their own in, before a
// configuration is loaded.
handler::Handlers& handlers();
std::vector<std::string> handler_names();

// Opens what all workers share for this policy (issuers' keys, upstreams' authorities), with an error before
// any worker has changed. Called before assemble().
Result<> prepare(const policy::PolicySet& policy, World& world);
// What one worker needs to answer under `policy`. Called on the worker's thread.
Result<gate::Parts> assemble(std::shared_ptr<const policy::PolicySet> policy, World& world, net::Loop& loop);

}  // namespace gatehouse::app
