// Bounds on numbers, compared exactly. Most literals and bounds are short: they are compared as scaled 64-bit
// integers; all others digit by digit (json/decimal.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::schema {

// mantissa × 10^-scale, where a literal has at most 18 digits and no exponent.
struct ShortNumber {
  std::int64_t mantissa = 0;
  std::int32_t scale = -1;  // -1: the literal does not fit

  ShortNumber() = default;
  explicit ShortNumber(std::string_view literal);
  bool fits() const { return scale >= 0; }
};

// A number as it is compared again and again: parsed once.
struct Number {
  std::string_view literal;
  ShortNumber brief;
  // Beyond every short number: 1 above, -1 below, 0 where it is not known without a closer look.
  int beyond = 0;

  explicit Number(std::string_view text) : literal(text), brief(text) {
    if (!brief.fits()) beyond = beyond_short(text);
  }

 private:
  static int beyond_short(std::string_view literal);
};

int compare_scaled(const Number& a, const Number& b);

// -1, 0, 1
inline int compare(const Number& a, const Number& b) {
  if (a.brief.scale != b.brief.scale || !a.brief.fits()) return compare_scaled(a, b);
  return a.brief.mantissa == b.brief.mantissa ? 0 : (a.brief.mantissa < b.brief.mantissa ? -1 : 1);
}
bool is_multiple(const Number& value, const Number& divisor);
// The maximum cost of is_multiple, in the units of Work, if one of the numbers is not brief.
std::int64_t cost_of_multiple(const Number& value, const Number& divisor);

}  // namespace gatehouse::schema
