// Timestamps, durations and time zones (langdef "Timestamp and Duration").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace gatehouse::cel {

inline constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
inline constexpr std::int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z

// RFC 3339; digits finer than nanoseconds are cut off.
std::optional<Timestamp> parse_timestamp(std::string_view text);
// "1h30m", "-1.5s", "10ms": units h m s ms us µs ns. Nothing when it is malformed or does not fit 64 bits of
// nanoseconds (292 years).
std::optional<std::int64_t> parse_duration_text(std::string_view text);
std::string timestamp_text(Timestamp time);
std::string duration_text(std::int64_t nanoseconds);  // "90s", "-0.5s"
// Moves by nanoseconds; nothing outside the years 1 to 9999.
std::optional<Timestamp> shifted(Timestamp time, std::int64_t nanoseconds);
std::optional<std::int64_t> difference(Timestamp later, Timestamp earlier);

struct CivilTime {
  std::int64_t year = 0;
  int month = 0;        // 0 to 11
  int day = 0;          // of the month, 0 to 30
  int day_of_week = 0;  // 0 is Sunday
  int day_of_year = 0;  // 0 to 365
  int hour = 0;
  int minute = 0;
  int second = 0;
};
CivilTime civil(std::int64_t seconds);

// Seconds east of UTC at that time: "UTC", "+02:00", "-9:30", "02:00", or an IANA name, read from
// /usr/share/zoneinfo once in each thread (RFC 8536). Nothing for an unknown zone.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds);

}  // namespace gatehouse::cel
