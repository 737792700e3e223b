// The segments of a path, one after the other.
#pragma once

#include <cstring>
#include <string_view>

namespace gatehouse::http {

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
