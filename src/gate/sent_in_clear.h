// The credentials for which the plaintext listener raises its alarm.
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
// field, the carrier of a configured authenticator, under its name or one that another server could confuse
// with it, or anywhere a text with the form of a credential. Reads the bytes and not a parsed head: a request
// that is refused as malformed has disclosed its credential all the same.
std::optional<SentInClear> sent_in_clear(std::string_view head, const policy::PolicySet& policy);

}  // namespace gatehouse::gate
