// RFC 3339: dates, times and, in its appendix A, durations.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/strings.h"
#include "schema/format.h"

namespace gatehouse::schema {
namespace {

// The number in text[at, at + digits), or -1.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
};

int days_of(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

std::optional<Date> read_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const Date date{number(text, 0, 4), number(text, 5, 2), number(text, 8, 2)};
  if (date.year < 0 || date.month < 1 || date.month > 12) return std::nullopt;
  if (date.day < 1 || date.day > days_of(date.year, date.month)) return std::nullopt;
  return date;
}

// The input of a leap second's check: minutes in UTC, relative to the written day.
struct Time {
  bool leap = false;
  int utc_minutes = 0;
};

std::optional<Time> read_time(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const int hour = number(text, 0, 2);
  const int minute = number(text, 3, 2);
  const int second = number(text, 6, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  text.remove_prefix(8);
  if (text.front() == '.') {
    std::size_t end = 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == 1) return std::nullopt;
    text.remove_prefix(end);
  }
  int offset = 0;
  if (text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':') {
    const int hours = number(text, 1, 2);
    const int minutes = number(text, 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    offset = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
  } else if (text != "Z" && text != "z") {
    return std::nullopt;
  }
  const Time time{second == 60, hour * 60 + minute - offset};
  // A leap second is the last of a day in UTC (RFC 3339, 5.7).
  constexpr int kDay = 24 * 60;
  if (time.leap && (time.utc_minutes + kDay) % kDay != kDay - 1) return std::nullopt;
  return time;
}

}  // namespace

bool is_date(std::string_view text) { return read_date(text).has_value(); }
bool is_time(std::string_view text) { return read_time(text).has_value(); }

bool is_date_time(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't')) return false;
  const auto date = read_date(text.substr(0, 10));
  const auto time = read_time(text.substr(11));
  if (!date || !time) return false;
  if (!time->leap) return true;
  // … and the last of a month.
  const int last = days_of(date->year, date->month);
  if (time->utc_minutes < 0) return date->day == 1;                // it is still the month before
  if (time->utc_minutes >= 24 * 60) return date->day + 1 == last;  // it is already the next day
  return date->day == last;
}

bool is_local_date_time(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  if (text.size() >= kLongest) return false;
  std::array<char, kLongest> in_utc;
  std::ranges::copy(text, in_utc.begin());
  in_utc[text.size()] = 'Z';
  return is_date_time({in_utc.data(), text.size() + 1});
}

bool is_date_time_or_local(std::string_view text) { return is_date_time(text) || is_local_date_time(text); }

// Appendix A: units in order, none left out between the first and the last; weeks alone.
bool is_duration(std::string_view text) {
  if (!text.starts_with('P')) return false;
  text.remove_prefix(1);
  const auto take = [&](char unit) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == 0 || digits == text.size() || text[digits] != unit) return false;
    text.remove_prefix(digits + 1);
    return true;
  };
  if (take('W')) return text.empty();
  bool any = false;
  if (take('Y')) {
    any = true;
    if (take('M')) take('D');
  } else if (take('M')) {
    any = true;
    take('D');
  } else {
    any = take('D');
  }
  if (text.empty()) return any;
  if (text.front() != 'T') return false;
  text.remove_prefix(1);
  if (take('H')) {
    if (take('M')) take('S');
  } else if (take('M')) {
    take('S');
  } else if (!take('S')) {
    return false;
  }
  return text.empty();
}

}  // namespace gatehouse::schema
