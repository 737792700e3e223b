// The segments of a path, one after the other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatehouse::http {

// `%2F` in a path: to some servers the same as `/`, to others a character of a segment.
enum class EncodedSlash : std::uint8_t {
  refused,
  told_apart,  // the gates decide where it may stand; what it parts are no dot segments, and not empty
};

// A segment, and whether another follows.
struct Segment {
  std::string_view text;
  std::string_view rest;
  bool last = false;
};
inline Segment first_segment(std::string_view path) {
  const auto* slash = static_cast<const char*>(std::memchr(path.data(), '/', path.size()));
  if (slash == nullptr) return {path, {}, true};
  const auto size = static_cast<std::size_t>(slash - path.data());
  return {path.substr(0, size), path.substr(size + 1), false};
}

}  // namespace gatehouse::http
