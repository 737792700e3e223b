// Sets of code points, as a regular expression's atoms and classes make them (ECMA-262 section 22.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/ecma_regex.h"

namespace gatehouse::schema {

using Code = std::uint32_t;
using Ranges = std::vector<std::pair<Code, Code>>;

constexpr Code kLastCode = 0x10FFFF;

extern const Ranges kDigits;          // \d
extern const Ranges kWordCharacters;  // \w
extern const Ranges kSpaces;          // \s: white space and line ends
extern const Ranges kLineEnds;        // the characters that "." does not match

Ranges complement(const Ranges& sorted);

struct CodeSet {
  Ranges ranges;
  std::string properties;  // RE2's \p{…}, as they stand in a class
  bool negated = false;

  void add(Code first, Code last) { ranges.emplace_back(first, last); }
  void add(const Ranges& more) { ranges.insert(ranges.end(), more.begin(), more.end()); }

  void normalize();        // sorted, nothing twice
  void drop_surrogates();  // a string that is valid UTF-8 has none

  std::string re2() const;
  std::optional<ByteRun> bytes() const;  // where all are ASCII
};

}  // namespace gatehouse::schema
