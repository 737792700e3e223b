// Members of timestamps and durations (langdef "Timestamp and Duration Accessors").
#include "cel/functions.h"
#include "cel/time.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

template <typename Member>
Value member_of_time(Run& run, Arguments args, Member member) {
  if (!args[0].is(Kind::timestamp)) return run.no_overload();
  std::int64_t seconds = args[0].timestamp().seconds;
  if (args.size() == 2) {
    if (!args[1].is(Kind::string)) return run.no_overload();
    if (!run.charge(16)) return run.exhaustion();
    const auto offset = zone_offset(args[1].text(), seconds);
    if (!offset)
      return Value::error(Fault::invalid_argument,
                          "unknown time zone; write an IANA name or an offset such as +02:00");
    seconds += *offset;
  }
  return Value::integer(member(civil(seconds)));
}

// A duration answers as a whole (getMinutes of 90s is 1), but for the milliseconds of its last second.
Value member_of_duration(Arguments args, std::int64_t unit) {
  return Value::integer(args[0].nanoseconds() / unit);
}
bool asks_duration(Arguments args) { return args.size() == 1 && args[0].is(Kind::duration); }

Value year(Run& run, Arguments args) {
  return member_of_time(run, args, [](const CivilTime& t) { return t.year; });
}
Value month(Run& run, Arguments args) {
  return member_of_time(run, args, [](const CivilTime& t) { return t.month; });
}
Value date(Run& run, Arguments args) {
  return member_of_time(run, args, [](const CivilTime& t) { return t.day + 1; });
}
Value day_of_month(Run& run, Arguments args) {
  return member_of_time(run, args, [](const CivilTime& t) { return t.day; });
}
Value day_of_week(Run& run, Arguments args) {
  return member_of_time(run, args, [](const CivilTime& t) { return t.day_of_week; });
}
Value day_of_year(Run& run, Arguments args) {
  return member_of_time(run, args, [](const CivilTime& t) { return t.day_of_year; });
}

Value hours(Run& run, Arguments args) {
  if (asks_duration(args)) return member_of_duration(args, 3600 * kNanosecondsPerSecond);
  return member_of_time(run, args, [](const CivilTime& t) { return t.hour; });
}

Value minutes(Run& run, Arguments args) {
  if (asks_duration(args)) return member_of_duration(args, 60 * kNanosecondsPerSecond);
  return member_of_time(run, args, [](const CivilTime& t) { return t.minute; });
}

Value seconds(Run& run, Arguments args) {
  if (asks_duration(args)) return member_of_duration(args, kNanosecondsPerSecond);
  return member_of_time(run, args, [](const CivilTime& t) { return t.second; });
}

Value milliseconds(Run& run, Arguments args) {
  if (asks_duration(args)) return Value::integer(args[0].nanoseconds() / 1'000'000 % 1000);
  if (!args[0].is(Kind::timestamp)) return run.no_overload();
  return member_of_time(run, args, [&](const CivilTime&) {
    return static_cast<std::int64_t>(args[0].timestamp().nanoseconds / 1'000'000);
  });
}

constexpr std::string_view kOfTime = ".timestamp -> int; .timestamp, string -> int";
constexpr std::string_view kOfBoth = ".timestamp -> int; .timestamp, string -> int; .duration -> int";

constexpr Definition kTimeFunctions[] = {
    {"getFullYear", kOfTime, year},
    {"getMonth", kOfTime, month},
    {"getDate", kOfTime, date},
    {"getDayOfMonth", kOfTime, day_of_month},
    {"getDayOfWeek", kOfTime, day_of_week},
    {"getDayOfYear", kOfTime, day_of_year},
    {"getHours", kOfBoth, hours},
    {"getMinutes", kOfBoth, minutes},
    {"getSeconds", kOfBoth, seconds},
    {"getMilliseconds", kOfBoth, milliseconds},
};

}  // namespace

std::span<const Definition> time_functions() { return kTimeFunctions; }

}  // namespace gatehouse::cel
