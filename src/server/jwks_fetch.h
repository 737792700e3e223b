// How the keys of an issuer are read: from a file, or from a URL.
#pragma once

#include <chrono>
#include <string>

#include "net/blocking_pool.h"
#include "server/jwks_source.h"

namespace gatehouse::server {

// The source that `jwks` names in the configuration: `file:PATH`, or a URL (with the authorities of
// `ca_file`, which is read anew each time, or the system's). TLS is verified, redirects are not followed, and
// the answer is 200, within 5 s, and at most 1 MiB. `threads` outlive the fetches: they read files and
// resolve names.
JwksSource::Fetch jwks_fetch(const std::string& where, const std::string& ca_file,
                             net::BlockingPool& threads);
JwksSchedule jwks_schedule(const std::string& where, std::chrono::nanoseconds stale);

}  // namespace gatehouse::server
