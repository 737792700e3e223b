#include "schema/number.h"

#include <algorithm>
#include <array>
#include <bit>

#include "json/decimal.h"
#include "json/document.h"

namespace gatehouse::schema {
namespace {

__extension__ using Wide = __int128;

constexpr auto kPowers = [] {
  std::array<std::int64_t, 19> powers{};
  std::int64_t power = 1;
  for (auto& p : powers) {
    p = power;
    power = power < 1'000'000'000'000'000'000 ? power * 10 : power;
  }
  return powers;
}();

Wide scaled(const ShortNumber& number, std::int32_t scale) {
  return static_cast<Wide>(number.mantissa) * kPowers[static_cast<std::size_t>(scale)];
}

}  // namespace

ShortNumber::ShortNumber(std::string_view literal) {
  const std::size_t first = literal.front() == '-' ? 1 : 0;
  if (literal.size() - first > 18) return;  // more digits could overflow
  std::size_t i = first;
  std::int64_t value = 0;
  std::size_t point = literal.size();
  for (; i < literal.size(); ++i) {
    const auto digit = static_cast<unsigned char>(literal[i] - '0');
    if (digit <= 9) {
      value = value * 10 + digit;
    } else if (literal[i] == '.') {
      point = i + 1;
    } else {
      return;
    }
  }
  mantissa = first == 1 ? -value : value;
  scale = static_cast<std::int32_t>(literal.size() - point);
}

int Number::beyond_short(std::string_view literal) {
  const json::Decimal decimal(literal);
  constexpr std::int64_t kShortDigits = 18;
  return decimal.magnitude > kShortDigits ? (decimal.negative ? -1 : 1) : 0;
}

int compare_scaled(const Number& a, const Number& b) {
  if (a.brief.fits() && b.brief.fits()) {
    if (a.brief.scale == b.brief.scale) {
      return a.brief.mantissa == b.brief.mantissa ? 0 : (a.brief.mantissa < b.brief.mantissa ? -1 : 1);
    }
    const Wide left = scaled(a.brief, b.brief.scale);
    const Wide right = scaled(b.brief, a.brief.scale);
    return left == right ? 0 : (left < right ? -1 : 1);
  }
  if (a.brief.fits() && b.beyond != 0) return -b.beyond;
  if (b.brief.fits() && a.beyond != 0) return a.beyond;
  return json::compare_numbers(a.literal, b.literal);
}

bool is_multiple(const Number& value, const Number& divisor) {
  if (value.brief.fits() && divisor.brief.fits() && divisor.brief.mantissa != 0) {
    return scaled(value.brief, divisor.brief.scale) % scaled(divisor.brief, value.brief.scale) == 0;
  }
  return json::is_multiple(value.literal, divisor.literal);
}

std::int64_t cost_of_multiple(const Number& value, const Number& divisor) {
  constexpr std::int64_t kDivision = 40;  // of 128 bits
  const auto size = static_cast<std::int64_t>(value.literal.size());
  const json::Decimal dividend(value.literal);
  const json::Decimal by(divisor.literal);
  const std::int64_t zeros = (dividend.magnitude - dividend.digits()) -
                             (by.magnitude - by.digits());  // behind the dividend's digits
  constexpr std::int64_t kShortDigits = 18;
  if (by.digits() <= kShortDigits) {
    // One division for each digit, two for each bit of the number of zeros.
    const int bits = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(zeros, 0)));
    return (size + 2 * bits + 1) * kDivision;
  }
  constexpr std::int64_t kMostZeros = 100'000;  // is_multiple answers "no" beyond
  return (size + std::clamp<std::int64_t>(zeros, 0, kMostZeros)) * by.digits() * 20;
}

}  // namespace gatehouse::schema
