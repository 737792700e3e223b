#include "core/answer_rules.h"

#include <algorithm>
#include <cstdint>

#include "base/ip.h"
#include "base/strings.h"

namespace gatehouse {
namespace {

// The address that a connection to this one reaches: `0.0.0.0` and `::` are this machine (RFC 6890 section
// 2.2.2: they stand for the host itself), and `::10.0.0.2` is 10.0.0.2 (RFC 4291 section 2.5.5.1).
IpAddress reached_by(const IpAddress& address) {
  static const IpAddress loopback = IpAddress::v4({127, 0, 0, 1});
  const auto bytes = address.bytes();
  if (std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; })) return loopback;
  if (address.family() == IpAddress::Family::v4 || address.is_loopback()) return address;
  const bool compatible =
      std::all_of(bytes.begin(), bytes.begin() + 12, [](std::uint8_t b) { return b == 0; });
  return compatible ? IpAddress::v4({bytes[12], bytes[13], bytes[14], bytes[15]}) : address;
}

}  // namespace

std::string inside_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), ascii_lower);
  if (auto address = IpAddress::parse(name)) {
    address = reached_by(*address);
    return address->is_loopback() ? std::string(kLoopbackName) : address->text();
  }
  if (name.ends_with(".localhost")) return std::string(kLoopbackName);  // RFC 6761 section 6.3
  return name;
}

}  // namespace gatehouse
