#include "app/moment.h"

#include <chrono>

#include <gtest/gtest.h>

namespace gatehouse::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// 2026-11-28 10:30 UTC
const WallTime kNow = std::chrono::sys_days(std::chrono::year{2026} / 11 / 28) + hours(10) + minutes(30);
const WallTime kMidnight = std::chrono::sys_days(std::chrono::year{2026} / 11 / 28);

TEST(Moment, ADurationIsAgoOrFromNowOn) {
  EXPECT_EQ(parse_moment("15m", kNow, Direction::past), kNow - minutes(15));
  EXPECT_EQ(parse_moment("2h", kNow, Direction::future), kNow + hours(2));
}

TEST(Moment, AClockIsItsLastOrItsNextTime) {
  EXPECT_EQ(parse_moment("09:00", kNow, Direction::past), kMidnight + hours(9));
  EXPECT_EQ(parse_moment("12:00", kNow, Direction::past), kMidnight - hours(12));
  EXPECT_EQ(parse_moment("12:00", kNow, Direction::future), kMidnight + hours(12));
  EXPECT_EQ(parse_moment("09:00", kNow, Direction::future), kMidnight + hours(33));
}

TEST(Moment, ADateIsUtcUnlessItNamesAZone) {
  EXPECT_EQ(parse_moment("2026-11-28T03:00", kNow, Direction::past), kMidnight + hours(3));
  EXPECT_EQ(parse_moment("2026-11-28T03:00:30", kNow, Direction::past),
            kMidnight + hours(3) + std::chrono::seconds(30));
  EXPECT_EQ(parse_moment("2026-11-28T03:00Z", kNow, Direction::past), kMidnight + hours(3));
  EXPECT_EQ(parse_moment("2026-11-28T03:00+02:00", kNow, Direction::past), kMidnight + hours(1));
  EXPECT_EQ(parse_moment("2026-11-28T03:00:00-02:00", kNow, Direction::past), kMidnight + hours(5));
}

TEST(Moment, AnythingElseIsNone) {
  for (const char* const text :
       {"", "soon", "12", "24:00", "12:60", "ab:cd", "2026-11-28", "2026-02-30T00:00", "2026-11-28T03", "-5m",
        "12:00:00", "2026-11-28 03:00"}) {
    EXPECT_EQ(parse_moment(text, kNow, Direction::past), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace gatehouse::app
