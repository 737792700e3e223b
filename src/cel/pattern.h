// Regular expressions (RE2's syntax) in conditions, with the cost of matching one.
//
// RE2 cannot be stopped: the worst case of a search is charged before it begins. RE2 caches the states that
// it has met; then a byte takes a nanosecond. But a text can lead a large expression to ever new states, and
// each of its bytes then costs every place of the expression that may be the next to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace gatehouse::cel {

class Pattern {
 public:
  // `memory`: bytes for its program and states. The error is RE2's message.
  static std::expected<Pattern, std::string> compile(std::string_view expression, std::int64_t memory);
  Pattern(Pattern&&) noexcept;
  ~Pattern();

  // Of a search in a text of so many bytes, in the units of Limits::cost.
  std::uint64_t cost(std::size_t bytes) const { return 4 + bytes * quarters_each_ / 4; }
  bool found_in(std::string_view text) const;

 private:
  Pattern(std::unique_ptr<const re2::RE2> re2, std::uint64_t quarters_each);
  std::unique_ptr<const re2::RE2> re2_;
  std::uint64_t quarters_each_;  // of a unit, for each byte
};

}  // namespace gatehouse::cel
