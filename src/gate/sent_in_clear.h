// What the plaintext listener raises its alarm for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/policy_set.h"

namespace gatehouse::gate {

struct SentInClear {
  std::string key_id;  // of the first API key; empty where no whole one is there
};

// Whether the bytes of a request's head hold a credential: an Authorization, Proxy-Authorization or Cookie
// field, what a configured authenticator looks for, under its name or one that another server takes for it,
// or anywhere a text that is a credential by its form. Reads the bytes and not a parsed head: a request that
// is refused as malformed has shown its credential all the same.
std::optional<SentInClear> sent_in_clear(std::string_view head, const policy::PolicySet& policy);

}  // namespace gatehouse::gate
