// ECMA-262 regular expressions (with the u flag, as JSON Schema says), matched in linear time. Simple ones
// ("^[A-Z]{2}$", "^SKU-[0-9]{5}$", "^[a-z0-9_]{1,64}$") are matched by hand; all others by RE2, which is
// given a translation that means the same. Lookaround at a known place becomes searches of its own
// (lookaround.h); elsewhere, and backreferences, which RE2 cannot do, are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schema/work.h"

namespace gatehouse::schema {

class Pattern {
 public:
  // The error is the problem of the expression.
  static std::expected<Pattern, std::string> compile(std::string_view expression);
  Pattern(Pattern&&) noexcept;
  ~Pattern();

  bool found_in(std::string_view text) const;  // somewhere, unless it is anchored
  // The same; charges its cost. If the rest is not enough the answer is no, and the work is spent.
  bool found_in(std::string_view text, Work& work) const;
  std::size_t instructions() const;  // of the program that matches it

 private:
  struct Matcher;
  explicit Pattern(std::unique_ptr<const Matcher> matcher);
  std::unique_ptr<const Matcher> matcher_;
};

// The most code points a text has in which the expression is found, where that is plain to see.
std::optional<std::uint64_t> longest_match(std::string_view expression);

// Whether the text is a regular expression by the grammar of ECMA-262 with the u flag (format "regex").
bool is_ecma_regex(std::string_view text);

}  // namespace gatehouse::schema
