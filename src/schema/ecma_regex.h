// ECMA-262 regular expressions with the u flag, read and written down again for RE2.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/byte_runs.h"

namespace gatehouse::schema {

enum class Strictness : std::uint8_t {
  grammar,   // exactly the grammar with the u flag, including constructs that RE2 cannot match
  matching,  // matchable expressions; also accepts the harmless forms of the grammar without u ("\-", "]")
};

struct Translation {
  std::string re2;
  // Where `simple`: the whole expression is ^run run run… or ^run run run…$
  bool simple = false;
  bool anchored_at_end = false;
  std::vector<ByteRun> runs;
  // At most so many places of the expression can be the next to read at once: the cost of one byte if a text
  // leads RE2 to ever new states, in steps of some nanoseconds.
  double width = 1;
  // The whole matches texts of so many characters only; `re2` does not ask for that.
  struct Length {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
  };
  std::optional<Length> length;
  double places = 1;  // all there are: of a small expression RE2 keeps every state, and no text is expensive
};

// The error is the problem.
std::expected<Translation, std::string> translate_regex(std::string_view expression, Strictness strictness);

}  // namespace gatehouse::schema
