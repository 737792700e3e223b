#include "http/target.h"

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

std::optional<Malformed> wrong_in_encoding(std::string_view path, std::size_t at) {
  const int byte = encoded_byte(path, at);
  if (byte < 0) return Malformed::invalid_percent;
  const char c = static_cast<char>(byte);
  if (is_control(c)) return Malformed::encoded_control;
  if (c == '/') return Malformed::encoded_slash;
  if (c == '\\') return Malformed::encoded_backslash;
  if (c == '.') return Malformed::encoded_dot;
  if (is(c, kUnreserved)) return Malformed::encoded_unreserved;
  return std::nullopt;
}

// `.` and `..`; servers that cut path parameters off take `..;x` for `..`.
bool is_dot_segment(std::string_view segment) {
  if (!segment.starts_with('.')) return false;
  const auto rest = segment.substr(segment.starts_with("..") ? 2 : 1);
  return rest.empty() || rest.front() == ';';
}

}  // namespace

std::optional<Malformed> wrong_in_path(std::string_view path) {
  std::size_t segment = 1;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const char c = path[i];
    if (!is(c, kTargetMark)) continue;
    if (c == '/') {
      if (i == segment) return Malformed::double_slash;
      if (is_dot_segment(path.substr(segment, i - segment))) return Malformed::dot_segment;
      segment = i + 1;
    } else if (c == '%') {
      if (const auto wrong = wrong_in_encoding(path, i)) return wrong;
      i += 2;
    } else {
      return Malformed::target_character;
    }
  }
  if (is_dot_segment(path.substr(segment))) return Malformed::dot_segment;
  return std::nullopt;
}

std::optional<Malformed> wrong_in_query(std::string_view query) {
  for (std::size_t i = query.find('%'); i != std::string_view::npos; i = query.find('%', i + 3)) {
    if (encoded_byte(query, i) < 0) return Malformed::invalid_percent;
  }
  return std::nullopt;
}

}  // namespace gatehouse::http
