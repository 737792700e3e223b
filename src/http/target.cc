#include "http/target.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

// The byte that `%XX` at `at` stands for, or -1.
int encoded_byte(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// The error of the encoded character at `at`; otherwise `length` is its size.
std::optional<Malformed> wrong_in_encoding(std::string_view path, std::size_t at, std::size_t& length) {
  constexpr std::size_t kByte = 3;  // `%XX`
  const int byte = encoded_byte(path, at);
  if (byte < 0) return Malformed::invalid_percent;
  length = kByte;
  const char c = static_cast<char>(byte);
  if (is_control(c)) return Malformed::encoded_control;
  if (c == '/') return Malformed::encoded_slash;
  if (c == '\\') return Malformed::encoded_backslash;
  if (c == '.') return Malformed::encoded_dot;
  if (is(c, kUnreserved)) return Malformed::encoded_unreserved;
  if (byte < 0x80) return std::nullopt;
  char bytes[4];
  std::size_t size = 0;
  for (; size < sizeof bytes && path.substr(std::min(path.size(), at + size * kByte)).starts_with('%');
       ++size) {
    bytes[size] = static_cast<char>(encoded_byte(path, at + size * kByte));
  }
  length = first_character({bytes, size}).size * kByte;
  if (length == 0) return Malformed::encoded_not_utf8;
  return std::nullopt;
}

// `.` and `..`; servers that cut path parameters off take `..;x` for `..`.
bool is_dot_segment(std::string_view segment) {
  if (!segment.starts_with('.')) return false;
  const auto rest = segment.substr(segment.starts_with("..") ? 2 : 1);
  return rest.empty() || rest.front() == ';';
}

// The text after `scheme` in the target; nothing if it does not begin so.
std::optional<std::string_view> behind(std::string_view target, std::string_view scheme) {
  if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return std::nullopt;
  return target.substr(scheme.size());
}

}  // namespace

TargetParts target_parts(std::string_view target, Method method) {
  if (target.front() == '/' || (target == "*" && method == Method::options))
    return {TargetScheme::unsaid, {}, target};
  TargetParts parts;
  std::string_view rest;
  if (const auto https = behind(target, "https://")) {
    parts.scheme = TargetScheme::https;
    rest = *https;
  } else if (const auto http = behind(target, "http://")) {
    parts.scheme = TargetScheme::http;
    rest = *http;
  } else {
    return {};
  }
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  parts.authority = rest.substr(0, end);
  parts.origin = rest.substr(end);
  if (parts.origin.empty()) parts.origin = method == Method::options ? "*" : "/";
  if (parts.origin.front() == '?') return {};
  return parts;
}

std::optional<Malformed> wrong_in_path(std::string_view path, EncodedSlash slash) {
  std::size_t segment = 1;  // or the part of one behind an encoded slash
  bool part = false;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const char c = path[i];
    if (!is(c, kTargetMark)) continue;
    const bool encoded = c == '%' && slash == EncodedSlash::told_apart && encoded_byte(path, i) == '/';
    if (c == '/' || encoded) {
      if (i == segment) return encoded || part ? Malformed::encoded_slash : Malformed::double_slash;
      if (is_dot_segment(path.substr(segment, i - segment))) return Malformed::dot_segment;
      part = encoded;
      if (encoded) i += 2;
      segment = i + 1;
    } else if (c == '%') {
      std::size_t length = 0;
      if (const auto wrong = wrong_in_encoding(path, i, length)) return wrong;
      i += length - 1;
    } else {
      return Malformed::target_character;
    }
  }
  if (is_dot_segment(path.substr(segment))) return Malformed::dot_segment;
  if (part && segment == path.size()) return Malformed::encoded_slash;
  return std::nullopt;
}

std::optional<Malformed> wrong_in_query(std::string_view query) {
  for (std::size_t i = query.find('%'); i != std::string_view::npos; i = query.find('%', i + 3)) {
    if (encoded_byte(query, i) < 0) return Malformed::invalid_percent;
  }
  return std::nullopt;
}

}  // namespace gatehouse::http
