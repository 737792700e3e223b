#include <charconv>
#include <cstdint>

#include "base/strings.h"
#include "doc/yaml.h"

namespace gatehouse::doc {
namespace {

bool any_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (text == name) return true;
  }
  return false;
}

Plain refused(std::string why) { return {Plain::Kind::refused, false, {}, std::move(why)}; }
Plain number(std::string literal) { return {Plain::Kind::number, false, std::move(literal), {}}; }

// `0o17` and `0x1F`, which JSON has no form for, become decimal.
Plain based(std::string_view text, int base) {
  std::uint64_t value = 0;
  const std::string_view digits = text.substr(2);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || end != digits.data() + digits.size()) return {};
  if (error != std::errc{})
    return refused("the number does not fit 64 bits; write it in decimal, or quote it");
  return number(std::to_string(value));
}

}  // namespace

Plain resolve_plain(std::string_view text) {
  if (any_of(text, {"", "~", "null", "Null", "NULL"})) return {Plain::Kind::null, false, {}, {}};
  if (any_of(text, {"true", "True", "TRUE"})) return {Plain::Kind::boolean, true, {}, {}};
  if (any_of(text, {"false", "False", "FALSE"})) return {Plain::Kind::boolean, false, {}, {}};
  if (text.starts_with("0o")) return based(text, 8);
  if (text.starts_with("0x")) return based(text, 16);

  // [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
  std::string_view rest = text;
  std::string literal;
  if (rest.front() == '-' || rest.front() == '+') {
    if (rest.front() == '-') literal = "-";
    rest.remove_prefix(1);
  }
  if (any_of(rest, {".inf", ".Inf", ".INF"}) || any_of(text, {".nan", ".NaN", ".NAN"})) {
    return refused("JSON has no number for `" + std::string(text) + "`; quote it if it is a text");
  }
  const auto digits = [&rest] {
    std::size_t n = 0;
    while (n < rest.size() && is_digit(rest[n])) ++n;
    const std::string_view taken = rest.substr(0, n);
    rest.remove_prefix(n);
    return taken;
  };
  const std::string_view whole = digits();
  std::string_view fraction;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = digits();
  }
  if (whole.empty() && fraction.empty()) return {};
  literal += whole.empty() ? "0" : whole;
  if (!fraction.empty()) (literal += '.') += fraction;
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(1);
    literal += 'e';
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
      literal += rest.front();
      rest.remove_prefix(1);
    }
    const std::string_view exponent = digits();
    if (exponent.empty()) return {};
    literal += exponent;
  }
  if (!rest.empty()) return {};
  if (whole.size() > 1 && whole.front() == '0') {
    return refused(
        "`" + std::string(text) +
        "` is octal in some parsers and decimal in others; write it without the leading zero, or quote it");
  }
  return number(std::move(literal));
}

}  // namespace gatehouse::doc
