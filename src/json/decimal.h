// A number literal read exactly, without converting it: sign, significant digits, power of ten. With it 1.0
// is an integer, 0.3 is a multiple of 0.1, and numbers of a thousand digits are comparable.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::json {

// 0.d1d2d3… × 10^magnitude, with d1 and the last digit not zero. The digits are those of `whole` followed by
// those of `fraction`. Exponents beyond ±10^18 count as ±10^18. Valid as long as the literal.
struct Decimal {
  bool negative = false;
  std::int64_t magnitude = 0;
  std::string_view whole;
  std::string_view fraction;

  explicit Decimal(std::string_view literal);  // precondition: a JSON number

  bool is_zero() const { return digits() == 0; }
  std::int64_t digits() const { return static_cast<std::int64_t>(whole.size() + fraction.size()); }
  char digit(std::size_t i) const { return i < whole.size() ? whole[i] : fraction[i - whole.size()]; }
  bool is_integer() const { return digits() <= magnitude || is_zero(); }
  // The absolute value, when it is an integer that fits.
  std::optional<std::uint64_t> absolute() const;
};

int compare(const Decimal& a, const Decimal& b);  // -1, 0, 1

// Whether the literal has no fraction and no exponent. find_first_of() searches its set once for each byte.
inline bool has_integer_form(std::string_view literal) {
  for (const char c : literal) {
    if (c == '.' || c == 'e' || c == 'E') return false;
  }
  return true;
}
// Whether the literal denotes an integer, of any size.
bool is_integer(std::string_view literal);
// Whether value / divisor is an integer, exactly. The answer is "no" if the quotient takes more than some
// thousand digits of long division: the work is bounded for all exponents.
bool is_multiple(std::string_view value, std::string_view divisor);

}  // namespace gatehouse::json
