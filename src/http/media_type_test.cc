#include "http/media_type.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(MediaType, ReadsTypeSubtypeAndParameters) {
  const auto type = parse_media_type("Application/Problem+JSON ; charset=\"utf-8\";v=1");
  ASSERT_TRUE(type);
  EXPECT_TRUE(type->is("application/problem+json"));
  EXPECT_TRUE(type->is_json());
  EXPECT_EQ(type->parameter("CHARSET"), "utf-8");
  EXPECT_EQ(type->parameter("v"), "1");
  EXPECT_EQ(type->parameter("w"), std::nullopt);
  EXPECT_TRUE(parse_media_type("application/json")->is_json());
  EXPECT_FALSE(parse_media_type("application/+json")->is_json());
  EXPECT_FALSE(parse_media_type("application/jsonp")->is_json());
  EXPECT_TRUE(parse_media_type("text/json")->is_json());
  EXPECT_FALSE(parse_media_type("text/json5")->is_json());
}

TEST(MediaType, ACharsetThatSomeReadersFindAndOthersDoNotIsHidden) {
  for (const char* text : {R"(a/b;charset="utf-\7")", R"(a/b;x="\a")", "a/b;charset*=utf-8''utf-7",
                           "a/b;charset*0=utf-7", R"(a/b;x="y;charset=utf-7")", R"(a/b;x="y,charset=utf-7")",
                           R"(a/b;x="y charset=utf-7")", R"(a/b;x="charset=utf-7")", "a/b;xcharset=utf-7",
                           "a/b;CHARSET-x=utf-7", R"(a/b;x="y;z")", R"(a/b;charset=utf-8;x="CharSet=utf-7")"})
    EXPECT_TRUE(parse_media_type(text).value().hides_charset()) << text;
  for (const char* text : {"a/b", "a/b;charset=utf-8", "a/b;Charset=\"utf-8\";v=1", "a/b;charset=utf-7",
                           R"(a/b;profile="https://a.test/x?y=z")", "a/b; boundary=\"----x'()+_./:=?\""})
    EXPECT_FALSE(parse_media_type(text).value().hides_charset()) << text;
}

TEST(MediaType, HasFewParameters) {
  std::string text = "a/b";
  for (char c = 'a'; c < 'a' + 16; ++c) text.append(";").append(1, c).append("=1");
  EXPECT_TRUE(parse_media_type(text));
  EXPECT_FALSE(parse_media_type(text + ";z=1")) << "comparing all with all would cost the square";
}

TEST(MediaType, ParametersAreKnownByName) {
  const auto other = [](std::string_view text) {
    return std::string(
        parse_media_type(text)->other_parameter(std::array<std::string_view, 2>{"charset", "v"}));
  };
  EXPECT_EQ(other("a/b"), "");
  EXPECT_EQ(other("a/b; V=1; charset=utf-8"), "");
  EXPECT_EQ(other("a/b; v=1; boundary=x; c=d"), "boundary");
  EXPECT_EQ(other(R"(a/b; v="\1")"), "v") << "an escape";
  EXPECT_THAT(parse_media_type("a/b; Charset=utf-8;V=1")->parameter_names(),
              ::testing::ElementsAre("charset", "v"));
}

TEST(MediaType, IsWrittenInOneWay) {
  const auto written = [](std::string_view text) {
    std::string out;
    append_media_type(out, *parse_media_type(text));
    return out;
  };
  EXPECT_EQ(written("Text/Plain"), "text/plain");
  EXPECT_EQ(written("a/b ;\tCharset=UTF-8;  x=\"Y;z\""), "a/b; charset=UTF-8; x=\"Y;z\"");
}

TEST(MediaType, TextsOtherThanExactlyOneAreRefused) {
  for (const char* text : {"",
                           "a",
                           "a/",
                           "/a",
                           "a/b/c",
                           "a /b",
                           "a/ b",
                           "a/b,c/d",
                           "a/b;",
                           "a/b; ",
                           "a/b;c",
                           "a/b;c=",
                           "a/b;c =d",
                           "a/b;c= d",
                           "a/b;c=\"d",
                           "a/b;c=\"d\\",
                           "a/b;c=d;C=e",
                           "a/b c=d",
                           "a/b;c=d,",
                           " a/b",
                           "a/b;;c=d",
                           "a/b;c=\"\x01\""}) {
    EXPECT_FALSE(parse_media_type(text)) << text;
  }
}

TEST(Accept, TheMostSpecificRangeDecides) {
  constexpr const char* kProblem = "application/problem+json";
  EXPECT_EQ(quality("", kProblem), 1000);
  EXPECT_EQ(quality("*/*", kProblem), 1000);
  EXPECT_EQ(quality("application/*;q=0.5, */*;q=0.1", kProblem), 500);
  EXPECT_EQ(quality("*/*, application/problem+json;q=0", kProblem), 0);
  EXPECT_EQ(quality("text/html", kProblem), 0);
  EXPECT_EQ(quality("application/problem+json;v=2", kProblem), 0);
  EXPECT_EQ(quality(" , APPLICATION/PROBLEM+json; q=0.123 ,", kProblem), 123);
  for (const char* text : {"a", "*/json", "a/b;q=2", "a/b;q=1.001", "a/b;q=0.1234", "a/b;q=.5",
                           "a/b;q=", "a/b c/d", "a/b;q=1;q=1"}) {
    EXPECT_EQ(quality(text, kProblem), std::nullopt) << text;
  }
}

TEST(Accept, TheBestOfferIsChosen) {
  constexpr std::array<std::string_view, 2> kOffers = {"application/json", "application/problem+json"};
  EXPECT_EQ(negotiate("", kOffers), 0U);
  EXPECT_EQ(negotiate("application/problem+json, */*;q=0.9", kOffers), 1U);
  EXPECT_EQ(negotiate("application/*", kOffers), 0U);
  EXPECT_EQ(negotiate("text/html", kOffers), std::nullopt);
  EXPECT_EQ(negotiate("text/html, not an accept", kOffers), 0U);
  EXPECT_TRUE(covers("application/*", *parse_media_type("application/json;a=b")));
  EXPECT_FALSE(covers("text/*", *parse_media_type("application/json")));
}

}  // namespace
}  // namespace gatehouse::http
