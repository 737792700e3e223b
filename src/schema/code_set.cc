#include "schema/code_set.h"

#include <algorithm>

#include <fmt/format.h>

namespace gatehouse::schema {

const Ranges kDigits{{'0', '9'}};
const Ranges kWordCharacters{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const Ranges kSpaces{{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680},
                     {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                     {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const Ranges kLineEnds{{0x0A, 0x0A}, {0x0D, 0x0D}, {0x2028, 0x2029}};

Ranges complement(const Ranges& sorted) {
  Ranges out;
  Code next = 0;
  for (const auto& [first, last] : sorted) {
    if (first > next) out.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= kLastCode) out.emplace_back(next, kLastCode);
  return out;
}

void CodeSet::normalize() {
  std::sort(ranges.begin(), ranges.end());
  Ranges out;
  for (const auto& range : ranges) {
    if (!out.empty() && range.first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, range.second);
    } else {
      out.push_back(range);
    }
  }
  ranges = std::move(out);
}

void CodeSet::drop_surrogates() {
  for (auto& [first, last] : ranges) {
    if (first >= 0xD800 && first <= 0xDFFF) first = 0xE000;
    if (last >= 0xD800 && last <= 0xDFFF) last = 0xD7FF;
  }
  std::erase_if(ranges, [](const auto& range) { return range.first > range.second; });
}

std::string CodeSet::re2() const {
  if (ranges.empty() && properties.empty()) return negated ? "(?s:.)" : "[^\\x{0}-\\x{10FFFF}]";
  std::string out = negated ? "[^" : "[";
  for (const auto& [first, last] : ranges) {
    out += first == last ? fmt::format("\\x{{{:X}}}", first)
                         : fmt::format("\\x{{{:X}}}-\\x{{{:X}}}", first, last);
  }
  return out + properties + "]";
}

std::optional<ByteRun> CodeSet::bytes() const {
  if (negated || !properties.empty() || ranges.empty() || ranges.back().second > 0x7F) return std::nullopt;
  ByteRun run;
  for (const auto& [first, last] : ranges) {
    for (Code c = first; c <= last; ++c) run.set[c / 64] |= std::uint64_t{1} << (c % 64);
  }
  return run;
}

}  // namespace gatehouse::schema
