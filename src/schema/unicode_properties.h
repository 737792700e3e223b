// The names that \p{…} accepts in ECMA-262 (with the u flag), and RE2's names of the same sets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::schema {

struct UnicodeProperty {
  bool exists = false;
  bool any = false;  // every code point
  std::string re2;   // RE2's name, also of a script that it does not know; else empty where it has none
  std::span<const std::pair<std::uint32_t, std::uint32_t>> ranges;  // where it is easier to say them
};

// `name` is the text between the braces: "L", "Letter", "Script=Greek".
UnicodeProperty find_unicode_property(std::string_view name);
// Whether this version of RE2 has the set. Compiles an expression: never for a text of a caller.
bool re2_knows(std::string_view name);

}  // namespace gatehouse::schema
