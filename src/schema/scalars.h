// The keywords that examine one value without its parts. Each calls broken(keyword) for a violation, and
// continues with the next while that returns true.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/decimal.h"
#include "schema/canonical.h"
#include "schema/program.h"
#include "schema/work.h"

namespace gatehouse::schema {

inline std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

// Whether enum or const has the value.
inline bool is_listed(const Values& values, json::Value value, Work& work) {
  if (value.is_string()) {
    if (value.string().size() > 64) work.take(static_cast<std::int64_t>(value.string().size() / 8));
    return values.strings.find(value.string()) != NameTable::kNone;
  }
  if (values.sorted.empty()) {
    const bool number = value.is_number();
    for (const json::Value other : values.others) {
      work.take(number ? 4 + static_cast<std::int64_t>(value.literal().size()) : 2);
      if (json::equal(other, value)) return true;
    }
    return false;
  }
  // A cheap comparison distinguishes most values.
  const bool likely = std::any_of(values.others.begin(), values.others.end(), [&](json::Value other) {
    return other.kind() == value.kind() && (value.is_number() || other.size() == value.size());
  });
  work.take(static_cast<std::int64_t>(values.others.size()));
  if (!likely) return false;
  thread_local std::string canonical;
  canonical.clear();
  if (!append_canonical(canonical, value, work)) return false;
  work.take(static_cast<std::int64_t>(100 + canonical.size()));
  return std::binary_search(values.sorted.begin(), values.sorted.end(), canonical);
}

constexpr std::int64_t kShort = 16;  // texts up to this size cost nothing besides their rule

template <typename Broken>
bool check_string(const StringRules& rules, std::string_view text, Work& work, Broken broken) {
  bool valid = true;
  const auto size = static_cast<std::int64_t>(text.size());
  // A code point has one to four bytes: most strings need no counting.
  if (text.size() > rules.length.most) {
    work.take(size / 2);
    // A text that is too long is refused before the other rules read it.
    if (count_code_points(text) > rules.length.most) {
      broken(beyond_length(rules.length));
      return false;
    }
  }
  if (text.size() < rules.length.least * 4 && count_code_points(text) < rules.length.least) {
    valid = false;
    if (!broken("minLength")) return false;
  }
  for (const Pattern& pattern : rules.patterns) {
    if (pattern.found_in(text, work)) continue;
    valid = false;
    if (!broken("pattern")) return false;
  }
  for (const Format* const format : rules.formats) {
    if (size > kShort && !work.take(size * format->cost)) return false;
    if (format->check(text)) continue;
    valid = false;
    if (!broken(rule_of(*format, text))) return false;
  }
  return valid;
}

template <typename Broken>
bool check_number(const NumberRules& rules, json::Value value, Work& work, Broken broken) {
  const Number number(value.literal());
  const auto size = static_cast<std::int64_t>(value.literal().size());
  // A short literal is one integer. Of others each digit is read for each bound.
  if (!number.brief.fits()) work.take(size * static_cast<std::int64_t>(1 + rules.bounds.size()) * 2);
  bool valid = true;
  for (const NumberBound& bound : rules.bounds) {
    const int order = compare(number, bound.limit);
    bool holds = false;
    switch (bound.is) {
      case NumberBound::Is::at_least: holds = order >= 0; break;
      case NumberBound::Is::above: holds = order > 0; break;
      case NumberBound::Is::at_most: holds = order <= 0; break;
      case NumberBound::Is::below: holds = order < 0; break;
    }
    if (holds) continue;
    valid = false;
    if (!broken(bound.rule)) return false;
  }
  for (const Number& divisor : rules.multiple_of) {
    const bool brief = number.brief.fits() && divisor.brief.fits();
    if (!brief && !work.take(cost_of_multiple(number, divisor))) return false;
    if (is_multiple(number, divisor)) continue;
    valid = false;
    if (!broken("multipleOf")) return false;
  }
  return valid;
}

}  // namespace gatehouse::schema
