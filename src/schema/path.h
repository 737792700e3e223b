// Where in the instance the evaluator is: a finding's place as a JSON pointer (RFC 6901).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse::schema {

// The way from the root to the value at hand, kept on the stack.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // a declared name, or "*"; data() is null for an index
  std::size_t index = 0;
};

inline void append_token(std::string& out, std::string_view name) {
  out += '/';
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

inline void append_path(std::string& out, const Path* path) {
  if (!path->parent) return;
  append_path(out, path->parent);
  if (path->name.data()) {
    append_token(out, path->name);
  } else {
    out += '/';
    out += std::to_string(path->index);
  }
}

}  // namespace gatehouse::schema
