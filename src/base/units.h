// Units as types, and the texts people write them in: durations `500ms 10s 15m 12h 30d`, sizes `64KiB 10MiB`,
// rates `60/min 5/s 1000/h 20/d` (product contract, section 3).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

using Nanoseconds = std::chrono::nanoseconds;

struct ByteCount {
  std::uint64_t bytes = 0;
  constexpr auto operator<=>(const ByteCount&) const = default;
};
constexpr ByteCount kibibytes(std::uint64_t n) { return {n << 10U}; }
constexpr ByteCount mebibytes(std::uint64_t n) { return {n << 20U}; }

struct Rate {
  std::uint64_t count = 0;
  Nanoseconds window{};
  constexpr auto operator<=>(const Rate&) const = default;
};

// Each gives nothing for a text that is not exactly of its form, is zero where zero makes no sense (a rate),
// or does not fit.
std::optional<Nanoseconds> parse_duration(std::string_view text);
std::optional<ByteCount> parse_size(std::string_view text);
std::optional<Rate> parse_rate(std::string_view text);

// The shortest text that parses back to the same value.
std::string to_text(Nanoseconds duration);
std::string to_text(ByteCount size);
std::string to_text(Rate rate);

}  // namespace gatehouse
