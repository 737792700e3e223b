#include "http/framing.h"

#include <algorithm>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse::http {

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (!is(c, kDigit)) return std::nullopt;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length;
}

bool is_only_chunked(std::string_view transfer_encoding) {
  return equal_ignoring_case(transfer_encoding, "chunked");
}

ConnectionOptions connection_options(const Fields& fields) {
  ConnectionOptions options;
  const auto read = [&options](std::string_view list) {
    while (!list.empty()) {
      const auto comma = list.find(',');
      const auto option = trimmed(list.substr(0, comma));
      list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
      if (option.empty()) continue;  // RFC 9110 section 5.6.1.2: empty elements are ignored
      if (equal_ignoring_case(option, "close")) {
        options.close = true;
      } else if (equal_ignoring_case(option, "keep-alive")) {
        options.keep_alive = true;
      } else if (equal_ignoring_case(option, "upgrade")) {
        options.upgrade = true;
      } else if (!equal_ignoring_case(option, "te") && !equal_ignoring_case(option, "http2-settings")) {
        options.unknown = true;
      }
    }
  };
  if (!fields.has(FieldId::connection)) return options;
  if (!fields.repeated(FieldId::connection)) {
    read(*fields.value(FieldId::connection));
    return options;
  }
  for (const Field field : fields) {
    if (field.id == FieldId::connection) read(field.value);
  }
  return options;
}

bool asks_for_other_protocol(const Fields& fields) {
  if (!fields.has(FieldId::upgrade)) return false;
  const auto is_http = [](std::string_view protocol) {
    const std::string_view name = protocol.substr(0, protocol.find('/'));
    return equal_ignoring_case(name, "h2c") || equal_ignoring_case(name, "http") ||
           equal_ignoring_case(name, "tls");
  };
  for (const Field field : fields) {
    if (field.id != FieldId::upgrade) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      const std::string_view protocol = trimmed(rest.substr(0, comma));
      if (!protocol.empty() && !is_http(protocol)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace gatehouse::http
