#include "http/response_writer.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using namespace std::string_view_literals;
using std::chrono::seconds;

TEST(HeadWriter, WritesTheHeadOfAnAnswer) {
  std::string out;
  HeadWriter(out)
      .status(404)
      .field("Content-Type", "application/json")
      .content_length(142)
      .block("X: y\r\n")
      .end();
  EXPECT_EQ(
      out, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 142\r\nX: y\r\n\r\n");
  out.clear();
  HeadWriter(out).status(200);
  HeadWriter(out).status(299);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nHTTP/1.1 299 \r\n");
}

TEST(HeadWriter, NothingThatEndsALineIsAFieldValue) {
  for (const auto text :
       {"a\r\nb"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv, "\0"sv, " a"sv, "a "sv, "\ta"sv, "a\x7F"sv, "a\x1B"sv}) {
    EXPECT_FALSE(FieldValue::checked(text)) << text;
  }
  for (const auto text : {""sv, "a"sv, "a b\tc"sv, "caf\xC3\xA9"sv})
    EXPECT_TRUE(FieldValue::checked(text)) << text;
  for (const auto text : {""sv, "a b"sv, "a:"sv, "a\r\n"sv, "\xC3\xA9"sv})
    EXPECT_FALSE(FieldName::checked(text)) << text;
  EXPECT_TRUE(FieldName::checked("x_own.name"));
}

TEST(HttpDate, IsWrittenAsRfc9110ShowsIt) {
  const auto date = http_date(WallTime{seconds{784111777}});
  EXPECT_EQ((std::string_view{date.data(), date.size()}), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, OnlyItsOwnFormIsRead) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), WallTime{seconds{784111777}});
  for (const char* text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 Nov 9994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08.49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(DateLine, IsMadeAnewWhenTheSecondChanges) {
  DateLine line;
  const WallTime start{seconds{784111777}};
  EXPECT_EQ(line.at(start), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(line.at(start + std::chrono::milliseconds{999}), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(line.at(start + seconds{1}), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

}  // namespace
}  // namespace gatehouse::http
