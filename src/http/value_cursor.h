// Reads the value of a header field from its beginning, by the productions that fields share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse::http {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Reads a value from its beginning; each take_… says whether it was there and leaves the rest.
class ValueCursor {
 public:
  explicit ValueCursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool starts_with(char c) const { return !rest_.empty() && rest_.front() == c; }

  bool take(char c) {
    if (!starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  template <typename Predicate>
  std::string_view take_while(Predicate belongs) {
    std::size_t end = 0;
    while (end < rest_.size() && belongs(rest_[end])) ++end;
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }
  std::string_view take_token() {
    const std::size_t end = token_end(rest_.data(), 0, rest_.size());
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }
  void skip_blanks() { take_while(is_blank); }

  // RFC 9110 section 5.6.4. Without escapes: readers undo them in different ways, and no field here needs
  // them.
  bool take_quoted() {
    if (!take('"')) return false;
    take_while([](char c) { return c != '"' && c != '\\' && !is_control(c); });
    return take('"');
  }
  // Section 12.4.2, after `q=`. Java leaves the zero before the point out.
  bool take_weight() {
    const bool one = starts_with('1');
    const bool whole = take('0') || take('1');
    if (!take('.')) return whole;
    const std::string_view decimals = take_while(is_digit);
    return decimals.size() <= 3 && (whole || !decimals.empty()) &&
           (!one || std::ranges::all_of(decimals, [](char c) { return c == '0'; }));
  }
  // Any number of `; name=value`, where the value may be a quoted text (section 5.6.6); `q` is a weight.
  bool take_parameters() {
    for (;;) {
      ValueCursor ahead = *this;
      ahead.skip_blanks();
      if (!ahead.take(';')) return true;
      ahead.skip_blanks();
      const std::string_view name = ahead.take_token();
      if (name.empty() || !ahead.take('=')) return false;
      if (equal_ignoring_case(name, "q")) {
        if (!ahead.take_weight()) return false;
      } else if (!ahead.take_quoted() && ahead.take_token().empty()) {
        return false;
      }
      *this = ahead;
    }
  }
  // A weight and nothing else.
  bool take_optional_weight() {
    skip_blanks();
    if (!take(';')) return true;
    skip_blanks();
    return (take("q=") || take("Q=")) && take_weight();
  }

 private:
  std::string_view rest_;
};

}  // namespace gatehouse::http
