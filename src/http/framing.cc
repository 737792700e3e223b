#include "http/framing.h"

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

}  // namespace gatehouse::http
