#include "base/units.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

using namespace std::chrono_literals;

TEST(Units, DurationsReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("15m"), 15min);
  EXPECT_EQ(parse_duration("730d"), 730 * 24h);
}

TEST(Units, ADurationWithoutUnitOrWithASpaceIsRefused) {
  for (const char* text : {"", "10", "s", "10 s", "-1s", "1.5s", "10S", "99999999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Units, SizesAreBinary) {
  EXPECT_EQ(parse_size("64KiB"), kibibytes(64));
  EXPECT_EQ(parse_size("10MiB"), mebibytes(10));
  EXPECT_FALSE(parse_size("10MB"));
}

TEST(Units, RatesNameTheirWindow) {
  EXPECT_EQ(parse_rate("60/min"), (Rate{60, 1min}));
  EXPECT_EQ(parse_rate("5/s"), (Rate{5, 1s}));
  for (const char* text : {"0/s", "5", "5/", "/s", "5/m", "5/s ", "-5/s"})
    EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Units, TextsParseBack) {
  for (const char* text : {"90s", "36h", "2d", "250ms"}) EXPECT_EQ(to_text(*parse_duration(text)), text);
  for (const char* text : {"64KiB", "10MiB", "100B"}) EXPECT_EQ(to_text(*parse_size(text)), text);
  for (const char* text : {"60/min", "20/d"}) EXPECT_EQ(to_text(*parse_rate(text)), text);
}

}  // namespace
}  // namespace gatehouse
