#include "http/request.h"

#include "base/strings.h"

namespace gatehouse::http {

std::optional<Malformed> read_host(RequestHead& head) {
  const auto host = head.fields.value(FieldId::host);
  if (!host) return Malformed::missing_host;
  const auto authority = parse_host_port(*host);
  if (!authority) return Malformed::bad_host;
  head.host = *authority;
  return std::nullopt;
}

std::optional<Malformed> compare_host(const RequestHead& head, std::string_view authority) {
  const auto named = parse_host_port(authority);
  if (!named) return Malformed::bad_host;
  const auto port = [&](const HostPort& one) -> std::uint16_t {
    if (one.port != 0) return one.port;
    return head.scheme == TargetScheme::http ? 80 : 443;
  };
  const auto host = [](const HostPort& one) {
    return one.host.ends_with('.') ? one.host.substr(0, one.host.size() - 1) : one.host;
  };
  if (!equal_ignoring_case(host(*named), host(head.host)) || port(*named) != port(head.host))
    return Malformed::other_host;
  return std::nullopt;
}

std::optional<Malformed> read_expectation(RequestHead& head) {
  head.expects_continue = false;
  const auto expectation = head.fields.value(FieldId::expect);
  if (!expectation || head.version == Version::http_1_0) return std::nullopt;
  if (!equal_ignoring_case(*expectation, "100-continue")) return Malformed::expectation;
  head.expects_continue = head.body.kind != BodyKind::none;
  return std::nullopt;
}

}  // namespace gatehouse::http
