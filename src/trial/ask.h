// The decision of Gatehouse about a request that is not sent. The gates are the server's, with the server's
// policy, as far as Runner::admit(): the described caller counts as proven, limits charge nothing, no object
// is looked up, nothing behind the gates is called, and no event is left.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/ip.h"
#include "base/result.h"
#include "core/verdict.h"
#include "http/served_names.h"

namespace gatehouse::policy {
class PolicySet;
}

namespace gatehouse::trial {

// The principal of the request's credential.
struct AssumedCaller {
  std::string id;      // without the authenticator's prefix; empty: `somebody`
  std::string scheme;  // an authenticator; empty: those of the operation's first alternative
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  std::string tenant;
};

struct Question {
  std::string method;
  std::string target;  // as in a request line: a path and perhaps a query, or a URL, which names the host
  std::vector<std::pair<std::string, std::string>> fields;
  std::string type;  // of the body
  std::string body;
  std::optional<AssumedCaller> caller;  // none: the request has no credential
  IpAddress client;
};

struct Reply {
  std::optional<Refusal> refusal;  // none: admitted
  std::string event;               // the event of a refusal: a line of JSON
};

// `served`: the hosts of the server; a request without `Host` is for a served name. Fails if the question is
// not a request that could be sent, or names an authenticator or a role that the policy does not have.
Result<Reply> ask(const std::shared_ptr<const policy::PolicySet>& policy, const Question& question,
                  http::ServedNames served, const Clock& clock, Entropy& entropy);

}  // namespace gatehouse::trial
