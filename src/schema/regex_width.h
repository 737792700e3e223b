// The number of places of a regular expression that a text can lead to at once: the cost of one byte in a
// simulation of its automaton. Counted repetitions are as many copies, but a part that is entered once is in
// one copy at a time: ^\S(.{0,998}\S)?$ is 3 wide, and .{0,998}\S, which may begin anywhere, 1000.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace gatehouse::schema {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// A regular expression as far as its width goes.
struct RegexForm {
  enum class Kind : std::uint8_t { nothing, character, sequence, either, repetition };
  Kind kind = Kind::sequence;
  double least = 1;  // repetition: of its one part
  double most = 1;
  std::vector<RegexForm> parts;
};

enum class Beginning : std::uint8_t { at_start, anywhere };
double width_of(const RegexForm& form, Beginning beginning);

}  // namespace gatehouse::schema
