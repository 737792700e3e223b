#include "cel/time.h"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace gatehouse::cel {
namespace {

__extension__ typedef __int128 Int128;

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  namespace chrono = std::chrono;
  return chrono::sys_days(chrono::year(static_cast<int>(year)) / chrono::month(month) / chrono::day(day))
      .time_since_epoch()
      .count();
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Exactly `count` digits.
std::optional<int> digits(std::string_view& rest, std::size_t count) {
  if (rest.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (rest[i] < '0' || rest[i] > '9') return std::nullopt;
    value = value * 10 + (rest[i] - '0');
  }
  rest.remove_prefix(count);
  return value;
}

bool accept(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

// ".123456789" without trailing zeros, nothing for 0.
std::string fraction(std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return "";
  std::string text = fmt::format(".{:09}", nanoseconds);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},
                           {"us", 1'000},
                           {"\u00b5s", 1'000},
                           {"\u03bcs", 1'000},
                           {"ms", 1'000'000},
                           {"s", kNanosecondsPerSecond},
                           {"m", 60 * kNanosecondsPerSecond},
                           {"h", 3600 * kNanosecondsPerSecond}};

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view rest) {
  const auto year = digits(rest, 4);
  if (!year || !accept(rest, '-')) return std::nullopt;
  const auto month = digits(rest, 2);
  if (!month || !accept(rest, '-')) return std::nullopt;
  const auto day = digits(rest, 2);
  if (!day || !accept(rest, 'T')) return std::nullopt;
  const auto hour = digits(rest, 2);
  if (!hour || !accept(rest, ':')) return std::nullopt;
  const auto minute = digits(rest, 2);
  if (!minute || !accept(rest, ':')) return std::nullopt;
  const auto second = digits(rest, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto date = std::chrono::year(*year) / std::chrono::month(static_cast<unsigned>(*month)) /
                    std::chrono::day(static_cast<unsigned>(*day));
  if (!date.ok()) return std::nullopt;

  std::uint32_t nanoseconds = 0;
  if (accept(rest, '.')) {
    if (rest.empty() || rest[0] < '0' || rest[0] > '9') return std::nullopt;
    for (std::uint32_t unit = 100'000'000; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; unit /= 10) {
      nanoseconds += unit * static_cast<std::uint32_t>(rest[0] - '0');
      rest.remove_prefix(1);
    }
  }
  std::int64_t offset = 0;
  if (!accept(rest, 'Z')) {
    const bool east = !rest.empty() && rest[0] == '+';
    if (!east && (rest.empty() || rest[0] != '-')) return std::nullopt;
    rest.remove_prefix(1);
    const auto hours = digits(rest, 2);
    if (!hours || !accept(rest, ':')) return std::nullopt;
    const auto minutes = digits(rest, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = (*hours * 3600 + *minutes * 60) * (east ? 1 : -1);
  }
  if (!rest.empty()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + *hour * 3600 + *minute * 60 + *second - offset;
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  return Timestamp{seconds, nanoseconds};
}

std::optional<std::int64_t> parse_duration_text(std::string_view rest) {
  const bool negative = !rest.empty() && rest[0] == '-';
  if (negative || (!rest.empty() && rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty() || rest.size() > 128) return std::nullopt;
  Int128 total = 0;
  while (!rest.empty()) {
    std::size_t end = 0;
    Int128 whole = 0;
    for (; end < rest.size() && rest[end] >= '0' && rest[end] <= '9'; ++end) {
      whole = whole * 10 + (rest[end] - '0');
      if (whole > INT64_MAX) return std::nullopt;
    }
    std::size_t count = end;
    std::int64_t part = 0;  // of `scale`
    std::int64_t scale = 1;
    if (end < rest.size() && rest[end] == '.') {
      for (++end; end < rest.size() && rest[end] >= '0' && rest[end] <= '9'; ++end, ++count) {
        if (scale > 1'000'000'000'000'000) continue;  // finer than any unit's nanosecond
        part = part * 10 + (rest[end] - '0');
        scale *= 10;
      }
    }
    if (count == 0) return std::nullopt;
    rest.remove_prefix(end);
    std::size_t unit_end = 0;
    while (unit_end < rest.size() && rest[unit_end] != '.' && (rest[unit_end] < '0' || rest[unit_end] > '9'))
      ++unit_end;
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.name == rest.substr(0, unit_end)) unit = &candidate;
    }
    if (unit == nullptr) return std::nullopt;
    rest.remove_prefix(unit_end);
    total += whole * unit->nanoseconds + static_cast<Int128>(part) * unit->nanoseconds / scale;
    if (total > static_cast<Int128>(INT64_MAX) + 1) return std::nullopt;
  }
  if (negative) total = -total;
  if (total > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

std::string timestamp_text(Timestamp time) {
  const CivilTime t = civil(time.seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", t.year, t.month + 1, t.day + 1, t.hour,
                     t.minute, t.second, fraction(time.nanoseconds));
}

std::string duration_text(std::int64_t nanoseconds) {
  const std::uint64_t size =
      nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
  return fmt::format("{}{}{}s", nanoseconds < 0 ? "-" : "", size / kNanosecondsPerSecond,
                     fraction(static_cast<std::uint32_t>(size % kNanosecondsPerSecond)));
}

std::optional<Timestamp> shifted(Timestamp time, std::int64_t nanoseconds) {
  std::int64_t rest = nanoseconds % kNanosecondsPerSecond + static_cast<std::int64_t>(time.nanoseconds);
  const std::int64_t carry = floor_divide(rest, kNanosecondsPerSecond);
  rest -= carry * kNanosecondsPerSecond;
  const std::int64_t seconds = time.seconds + nanoseconds / kNanosecondsPerSecond + carry;
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  return Timestamp{seconds, static_cast<std::uint32_t>(rest)};
}

std::optional<std::int64_t> difference(Timestamp later, Timestamp earlier) {
  const Int128 total = static_cast<Int128>(later.seconds - earlier.seconds) * kNanosecondsPerSecond +
                       later.nanoseconds - static_cast<Int128>(earlier.nanoseconds);
  if (total > INT64_MAX || total < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

CivilTime civil(std::int64_t seconds) {
  namespace chrono = std::chrono;
  const std::int64_t day = floor_divide(seconds, 86'400);
  const auto of_day = static_cast<int>(seconds - day * 86'400);
  const chrono::sys_days date{chrono::days(day)};
  const chrono::year_month_day ymd(date);
  CivilTime result;
  result.year = static_cast<int>(ymd.year());
  result.month = static_cast<int>(static_cast<unsigned>(ymd.month())) - 1;
  result.day = static_cast<int>(static_cast<unsigned>(ymd.day())) - 1;
  result.day_of_week = static_cast<int>(chrono::weekday(date).c_encoding());
  result.day_of_year = static_cast<int>(day - days_from_civil(result.year, 1, 1));
  result.hour = of_day / 3600;
  result.minute = of_day / 60 % 60;
  result.second = of_day % 60;
  return result;
}

}  // namespace gatehouse::cel
