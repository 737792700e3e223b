// The text of a regular expression, code point by code point, and the parts of it that are not nested:
// names, numbers and escaped code points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/code_set.h"

namespace gatehouse::schema {

// Thrown for an expression that is refused.
struct RegexRefusal {
  std::string what;
};

class RegexScanner {
 protected:
  static constexpr Code kEnd = 0xFFFFFFFF;

  explicit RegexScanner(std::string_view text);

  [[noreturn]] static void refuse(std::string what) { throw RegexRefusal{std::move(what)}; }

  Code peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : kEnd; }
  Code next() { return at_ < text_.size() ? text_[at_++] : kEnd; }
  bool take(Code c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (peek(i) != static_cast<unsigned char>(word[i])) return false;
    }
    at_ += word.size();
    return true;
  }

  static std::string utf8(Code code);
  // Behind `(?<` or `\k<`, with its `>`.
  std::string group_name();
  // Decimal digits, up to 2^53; nothing where there is none.
  std::optional<std::uint64_t> count();
  Code hex(int digits);
  // Behind `\u`.
  Code unicode();

  std::vector<Code> text_;
  std::size_t at_ = 0;
};

}  // namespace gatehouse::schema
