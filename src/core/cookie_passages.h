// Which cookies of a request go on to an upstream: decided once for the upstream's head and for the event.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/head_rules.h"

namespace gatehouse::http {
struct Cookie;
}

namespace gatehouse {

// The treatment of each cookie of one request on its way to an upstream.
class CookiePassages {
 public:
  // Both outlive the object.
  CookiePassages(const RequestRules& rules, const CredentialCarriers& carriers)
      : rules_(rules), carriers_(carriers) {}

  // For each piece of the Cookie field, in the field's order. `rewritten`: a parameter of the operation is
  // forwarded decoded (http::append_agreed_value). `goes_on`: the value is forwarded as sent. `left_out`: the
  // name was forwarded before, or readers could split or join the value in different ways.
  Passage next(const http::Cookie& cookie);

 private:
  const RequestRules& rules_;
  const CredentialCarriers& carriers_;
  std::size_t pieces_ = 0;
  std::vector<std::string_view> seen_;  // names that go on by name alone
};

}  // namespace gatehouse
