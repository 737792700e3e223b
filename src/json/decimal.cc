#include "json/decimal.h"

#include <algorithm>
#include <string>

#include "base/strings.h"
#include "json/document.h"

namespace gatehouse::json {
namespace {

constexpr std::int64_t kExponentBound = 1'000'000'000'000'000'000;

std::int64_t read_exponent(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  for (const char c : text) {
    if (value >= kExponentBound / 10) {
      value = kExponentBound;  // before one digit more could overflow
      break;
    }
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

}  // namespace

Decimal::Decimal(std::string_view literal) {
  if (!literal.empty() && literal.front() == '-') {
    negative = true;
    literal.remove_prefix(1);
  }
  std::size_t i = 0;
  while (i < literal.size() && is_digit(literal[i])) ++i;
  whole = literal.substr(0, i);
  if (i < literal.size() && literal[i] == '.') {
    const std::size_t begin = ++i;
    while (i < literal.size() && is_digit(literal[i])) ++i;
    fraction = literal.substr(begin, i - begin);
  }
  const std::int64_t exponent = i < literal.size() ? read_exponent(literal.substr(i + 1)) : 0;

  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  while (!whole.empty() && whole.front() == '0') whole.remove_prefix(1);
  magnitude = exponent + static_cast<std::int64_t>(whole.size());
  if (whole.empty()) {
    while (!fraction.empty() && fraction.front() == '0') {
      fraction.remove_prefix(1);
      --magnitude;
    }
  }
  if (fraction.empty()) {
    while (!whole.empty() && whole.back() == '0') whole.remove_suffix(1);
  }
  if (is_zero()) {
    negative = false;
    magnitude = 0;
  }
}

std::optional<std::uint64_t> Decimal::absolute() const {
  if (is_zero()) return 0;
  if (!is_integer() || magnitude > 20) return std::nullopt;
  std::uint64_t value = 0;
  for (std::int64_t i = 0; i < magnitude; ++i) {
    const unsigned d = i < digits() ? static_cast<unsigned>(digit(static_cast<std::size_t>(i)) - '0') : 0;
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, std::uint64_t{d}, &value)) return std::nullopt;
  }
  return value;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int up = a.negative ? -1 : 1;
  if (a.is_zero() || b.is_zero()) return a.is_zero() && b.is_zero() ? 0 : (a.is_zero() ? -up : up);
  if (a.magnitude != b.magnitude) return a.magnitude < b.magnitude ? -up : up;
  const auto common = static_cast<std::size_t>(std::min(a.digits(), b.digits()));
  for (std::size_t i = 0; i < common; ++i) {
    if (a.digit(i) != b.digit(i)) return a.digit(i) < b.digit(i) ? -up : up;
  }
  if (a.digits() == b.digits()) return 0;
  return a.digits() < b.digits() ? -up : up;
}

int compare_numbers(std::string_view a, std::string_view b) { return compare(Decimal(a), Decimal(b)); }

bool is_integer(std::string_view literal) { return Decimal(literal).is_integer(); }

// With value = v × 10^p and divisor = d × 10^q (v, d integers): v × 10^(p-q) must be divisible by d.
bool is_multiple(std::string_view value_literal, std::string_view divisor_literal) {
  const Decimal value(value_literal);
  const Decimal divisor(divisor_literal);
  if (divisor.is_zero()) return false;
  if (value.is_zero()) return true;
  const std::int64_t p = value.magnitude - value.digits();
  const std::int64_t q = divisor.magnitude - divisor.digits();
  if (p < q) return false;  // d × 10^(q-p) would have to divide v, whose last digit is not zero
  constexpr std::int64_t kMostSteps = 100'000;

  if (divisor.digits() <= 18) {
    // Long division by a small number, one digit at a time; the run of zeros by repeated squaring.
    std::uint64_t d = 0;
    for (std::int64_t i = 0; i < divisor.digits(); ++i) {
      d = d * 10 + static_cast<std::uint64_t>(divisor.digit(static_cast<std::size_t>(i)) - '0');
    }
    __extension__ using Wide = unsigned __int128;
    Wide rest = 0;
    for (std::int64_t i = 0; i < value.digits(); ++i) {
      rest = (rest * 10 + static_cast<unsigned>(value.digit(static_cast<std::size_t>(i)) - '0')) % d;
    }
    Wide power = 10 % d;
    for (std::int64_t n = p - q; n > 0; n >>= 1U) {
      if (n & 1) rest = rest * power % d;
      power = power * power % d;
    }
    return rest == 0;
  }

  // Both are long: schoolbook division on digit strings, bounded.
  const std::int64_t zeros = p - q;
  if (value.digits() + zeros > kMostSteps || divisor.digits() > 2'000) return false;
  std::string d;
  for (std::int64_t i = 0; i < divisor.digits(); ++i) d += divisor.digit(static_cast<std::size_t>(i));
  std::string rest;
  const auto at_least = [&] { return rest.size() > d.size() || (rest.size() == d.size() && rest >= d); };
  for (std::int64_t i = 0; i < value.digits() + zeros; ++i) {
    const char next = i < value.digits() ? value.digit(static_cast<std::size_t>(i)) : '0';
    if (!rest.empty() || next != '0') rest += next;
    while (at_least()) {
      int borrow = 0;
      for (std::size_t k = 0; k < rest.size(); ++k) {
        const std::size_t r = rest.size() - 1 - k;
        int digit = rest[r] - '0' - borrow - (k < d.size() ? d[d.size() - 1 - k] - '0' : 0);
        borrow = digit < 0 ? 1 : 0;
        rest[r] = static_cast<char>('0' + digit + (borrow ? 10 : 0));
      }
      rest.erase(0, std::min(rest.find_first_not_of('0'), rest.size()));
    }
  }
  return rest.empty();
}

}  // namespace gatehouse::json
