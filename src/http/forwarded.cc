#include "http/forwarded.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/strings.h"
#include "http/host.h"

namespace gatehouse::http {
namespace {

std::optional<IpAddress> parse_entry(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return address;
  const auto with_port = parse_host_port(text);
  return with_port ? IpAddress::parse(with_port->host) : std::nullopt;
}

}  // namespace

std::expected<IpAddress, Malformed> client_address(const IpAddress& peer, const Fields& fields,
                                                   std::span<const IpNetwork> trusted) {
  const auto is_trusted = [trusted](const IpAddress& address) {
    return std::any_of(trusted.begin(), trusted.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
  };
  IpAddress client = peer;
  if (!fields.has(FieldId::x_forwarded_for)) return client;
  for (std::size_t i = fields.size(); i-- > 0 && is_trusted(client);) {
    const Field field = fields[i];
    if (field.id != FieldId::x_forwarded_for) continue;
    auto rest = field.value;
    while (is_trusted(client)) {
      const auto comma = rest.rfind(',');
      const auto entry = trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      const auto address = parse_entry(entry);
      if (!address) return std::unexpected(Malformed::field_value);
      client = *address;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return client;
}

}  // namespace gatehouse::http
