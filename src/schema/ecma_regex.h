// ECMA-262 regular expressions with the u flag, read and written down again for RE2.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::schema {

enum class Strictness : std::uint8_t {
  grammar,   // exactly the grammar with the u flag, including what RE2 cannot do
  matching,  // what can be matched; also takes the harmless forms that the grammar without u has ("\-", "]")
};

// A run of bytes from one set: "[A-Z]{2}", "-", "\d+".
struct ByteRun {
  static constexpr std::uint32_t kEndless = std::numeric_limits<std::uint32_t>::max();
  std::array<std::uint64_t, 4> set{};
  std::uint32_t least = 1;
  std::uint32_t most = 1;

  bool has(unsigned char byte) const { return (set[byte / 64] >> (byte % 64) & 1U) != 0; }
};

struct Translation {
  std::string re2;
  // Where `simple`: the whole expression is ^run run run… or ^run run run…$
  bool simple = false;
  bool anchored_at_end = false;
  std::vector<ByteRun> runs;
  // At most so many places of the expression can be the next to read at once: what one byte costs where a
  // text leads RE2 to ever new states, in steps of some nanoseconds.
  double width = 1;
  double places = 1;  // all there are: of a small expression RE2 keeps every state, and no text is expensive
};

// The error says what is wrong.
std::expected<Translation, std::string> translate_regex(std::string_view expression, Strictness strictness);

}  // namespace gatehouse::schema
