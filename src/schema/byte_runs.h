// Runs of bytes that are matched by hand, and counted repetitions that RE2 takes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace gatehouse::schema {

// A run of bytes from one set: "[A-Z]{2}", "-", "\d+".
struct ByteRun {
  static constexpr std::uint32_t kEndless = std::numeric_limits<std::uint32_t>::max();
  std::array<std::uint64_t, 4> set{};
  std::uint32_t least = 1;
  std::uint32_t most = 1;

  bool has(unsigned char byte) const { return (set[byte / 64] >> (byte % 64) & 1U) != 0; }
};

// Whether a greedy match without backtracking is right: only if the text after a run of variable length
// cannot begin inside it.
bool needs_no_going_back(const std::vector<ByteRun>& runs);

inline constexpr std::uint64_t kMostRepeats = 1000;  // of RE2 in one counted repetition

// Repeats the part of `re2` from `begin` on, by several repetitions if one would be too many; `most` is
// kEndlessly for any number. false: that would be too long, and RE2 refuses the resulting `re2`.
inline constexpr std::uint64_t kEndlessly = std::numeric_limits<std::uint64_t>::max();
bool repeat(std::string& re2, std::size_t begin, std::uint64_t least, std::uint64_t most);

}  // namespace gatehouse::schema
