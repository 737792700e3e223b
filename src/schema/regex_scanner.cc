#include "schema/regex_scanner.h"

#include <algorithm>

#include "schema/utf8.h"

namespace gatehouse::schema {
namespace {

int hex_value(Code c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  const Code lower = c | 0x20U;
  return lower >= 'a' && lower <= 'f' ? static_cast<int>(lower - 'a' + 10) : -1;
}

}  // namespace

RegexScanner::RegexScanner(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) text_.push_back(next_code_point(text, i));
}

std::string RegexScanner::utf8(Code code) {
  std::string out;
  append_utf8(out, code);
  return out;
}

std::string RegexScanner::group_name() {
  std::string name;
  while (peek() != '>') {
    const Code c = next();
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || (c >= 0x80 && c != kEnd);
    const bool digit = c >= '0' && c <= '9';
    if (!letter && !(digit && !name.empty())) refuse("a group's name is not an identifier");
    name += utf8(c);
  }
  ++at_;
  if (name.empty()) refuse("a group's name is empty");
  return name;
}

std::optional<std::uint64_t> RegexScanner::count() {
  if (peek() < '0' || peek() > '9') return std::nullopt;
  std::uint64_t value = 0;
  while (peek() >= '0' && peek() <= '9') {
    value = std::min<std::uint64_t>(value * 10 + (next() - '0'), std::uint64_t{1} << 53U);
  }
  return value;
}

Code RegexScanner::hex(int digits) {
  Code value = 0;
  for (int i = 0; i < digits; ++i) {
    const int digit = hex_value(next());
    if (digit < 0) refuse("\\x and \\u are followed by hexadecimal digits");
    value = value * 16 + static_cast<Code>(digit);
  }
  return value;
}

Code RegexScanner::unicode() {
  if (take('{')) {
    Code value = 0;
    if (peek() == '}') refuse("\\u{} is empty");
    while (!take('}')) {
      value = value * 16 + hex(1);
      if (value > kLastCode) refuse("\\u{…} is beyond the last code point");
    }
    return value;
  }
  const Code high = hex(4);
  if (high < 0xD800 || high > 0xDBFF || peek() != '\\' || peek(1) != 'u' || peek(2) == '{') return high;
  const std::size_t here = at_;
  at_ += 2;
  const Code low = hex(4);
  if (low >= 0xDC00 && low <= 0xDFFF) return 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
  at_ = here;
  return high;
}

}  // namespace gatehouse::schema
