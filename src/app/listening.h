// The inputs of the listeners besides the policy, made from the configuration and the files that it names.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "http/served_names.h"
#include "policy/settings.h"
#include "server/worker.h"

namespace gatehouse::app {

Result<std::shared_ptr<const server::Listening>> make_listening(const policy::Settings& settings);

// The hosts that this server answers for: those of `listen.names`, or else of the certificate.
Result<http::ServedNames> names_of(const policy::Settings& settings);

// Changes when one of the files does.
std::string state_of_certificates(const policy::Settings& settings);

}  // namespace gatehouse::app
