#include "base/units.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace gatehouse {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first: to_text takes the first that divides the value.
constexpr Unit kDurations[] = {{"d", 86'400'000'000'000},
                               {"h", 3'600'000'000'000},
                               {"m", 60'000'000'000},
                               {"s", 1'000'000'000},
                               {"ms", 1'000'000},
                               {"us", 1'000},
                               {"ns", 1}};
constexpr Unit kSizes[] = {{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}, {"B", 1}};
constexpr Unit kWindows[] = {
    {"d", 86'400'000'000'000}, {"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000}};

// Splits "15m" into its number and its unit's factor.
template <std::size_t N>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const Unit (&units)[N]) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (name != unit.name) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.factor) {
      return std::nullopt;
    }
    return number * unit.factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string write_quantity(std::uint64_t value, const Unit (&units)[N]) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
  }
  return fmt::format("0{}", units[N - 1].name);
}

}  // namespace

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  const auto value = parse_quantity(text, kDurations);
  if (!value) return std::nullopt;
  return Nanoseconds(static_cast<std::int64_t>(*value));
}

std::optional<ByteCount> parse_size(std::string_view text) {
  const auto value = parse_quantity(text, kSizes);
  if (!value) return std::nullopt;
  return ByteCount{*value};
}

std::optional<Rate> parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, count);
  if (error != std::errc{} || end != text.data() + slash || count == 0) return std::nullopt;
  for (const Unit& unit : kWindows) {
    if (text.substr(slash + 1) == unit.name) {
      return Rate{count, Nanoseconds(static_cast<std::int64_t>(unit.factor))};
    }
  }
  return std::nullopt;
}

std::string to_text(Nanoseconds duration) {
  return write_quantity(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string to_text(ByteCount size) { return write_quantity(size.bytes, kSizes); }

std::string to_text(Rate rate) {
  for (const Unit& unit : kWindows) {
    if (static_cast<std::uint64_t>(rate.window.count()) == unit.factor) {
      return fmt::format("{}/{}", rate.count, unit.name);
    }
  }
  return fmt::format("{}/{}", rate.count, to_text(rate.window));
}

}  // namespace gatehouse
