#include "core/head_rules.h"

#include <algorithm>

#include "base/ip.h"

namespace gatehouse {

std::string inside_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), ascii_lower);
  if (const auto address = IpAddress::parse(name)) {
    return address->is_loopback() ? std::string(kLoopbackName) : address->text();
  }
  if (name.ends_with(".localhost")) return std::string(kLoopbackName);  // RFC 6761 section 6.3
  return name;
}

}  // namespace gatehouse
