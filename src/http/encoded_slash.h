// `%2F` in a path that may hold it (EncodedSlash::told_apart).
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::http {

// The next `%2F` at or behind `at`, or npos.
inline std::size_t find_encoded_slash(std::string_view path, std::size_t at = 0) {
  for (at = path.find("%2", at); at != std::string_view::npos; at = path.find("%2", at + 1)) {
    if (at + 2 < path.size() && (path[at + 2] == 'F' || path[at + 2] == 'f')) return at;
  }
  return std::string_view::npos;
}

// Calls `visit(std::string_view)` for the text before, between and behind the encoded slashes: once more than
// there are encoded slashes, and for each character of the path at most once, so the time is linear.
template <typename Visit>
void split_at_encoded_slashes(std::string_view path, Visit visit) {
  for (auto at = find_encoded_slash(path); at != std::string_view::npos; at = find_encoded_slash(path)) {
    visit(path.substr(0, at));
    path.remove_prefix(at + 3);
  }
  visit(path);
}

inline std::size_t count_encoded_slashes(std::string_view path) {
  std::size_t parts = 0;
  split_at_encoded_slashes(path, [&](std::string_view) { ++parts; });
  return parts - 1;
}

// The path for a server that decodes `%2F` before it looks for the segments.
inline std::string decode_slashes(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size() + 1);
  split_at_encoded_slashes(path, [&](std::string_view part) { decoded.append(part) += '/'; });
  decoded.pop_back();
  return decoded;
}

}  // namespace gatehouse::http
