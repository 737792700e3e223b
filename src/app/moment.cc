#include "app/moment.h"

#include <chrono>
#include <string>

#include "base/units.h"
#include "cel/time.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kClock = std::string_view("12:00").size();
constexpr std::size_t kDateAndClock = std::string_view("2026-11-28T12:00").size();

std::optional<WallTime> parse_date(std::string_view text) {
  std::string whole(text);
  const auto clock = text.find('T');
  if (clock == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(clock);
  const auto zone = rest.find_first_of("Z+-");
  // RFC 3339 requires seconds and a zone.
  if (zone == std::string_view::npos) whole += 'Z';
  const std::size_t end = clock + std::min(zone, rest.size());
  if (end == kDateAndClock) whole.insert(end, ":00");
  const auto time = cel::parse_timestamp(whole);
  if (!time) return std::nullopt;
  return WallTime{std::chrono::seconds(time->seconds)};
}

}  // namespace

std::optional<WallTime> parse_moment(std::string_view text, WallTime now, Direction direction) {
  if (const auto duration = parse_duration(text))
    return direction == Direction::past ? now - *duration : now + *duration;
  if (text.size() != kClock || text[2] != ':') return parse_date(text);
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(std::chrono::sys_days(today.time_since_epoch()));
  const auto digits = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  auto at = parse_date(std::to_string(static_cast<int>(date.year())) + "-" +
                       digits(static_cast<int>(static_cast<unsigned>(date.month()))) + "-" +
                       digits(static_cast<int>(static_cast<unsigned>(date.day()))) + "T" + std::string(text));
  if (!at) return std::nullopt;
  if (direction == Direction::past && *at > now) *at -= std::chrono::days(1);
  if (direction == Direction::future && *at <= now) *at += std::chrono::days(1);
  return at;
}

}  // namespace gatehouse::app
