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

std::optional<Malformed> read_expectation(RequestHead& head) {
  head.expects_continue = false;
  const auto expectation = head.fields.value(FieldId::expect);
  if (!expectation || head.version == Version::http_1_0) return std::nullopt;
  if (!equal_ignoring_case(*expectation, "100-continue")) return Malformed::expectation;
  head.expects_continue = head.body.kind != BodyKind::none;
  return std::nullopt;
}

}  // namespace gatehouse::http
