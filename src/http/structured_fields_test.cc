#include "http/structured_fields.h"

#include <gtest/gtest.h>

namespace gatehouse::http::structured {
namespace {

using namespace std::string_literals;

std::string item(std::string_view text) {
  const auto parsed = parse_item(text);
  return parsed ? serialise(*parsed).value_or("unwritable") : "refused";
}
std::string list(std::string_view text) {
  const auto parsed = parse_list(text);
  return parsed ? serialise(*parsed).value_or("unwritable") : "refused";
}
std::string dictionary(std::string_view text) {
  const auto parsed = parse_dictionary(text);
  return parsed ? serialise(*parsed).value_or("unwritable") : "refused";
}

TEST(StructuredFields, EveryBareTypeGoesThereAndBack) {
  for (const char* text :
       {"0", "-1", "999999999999999", "-999999999999999", "1.5", "-0.125", "999999999999.999",
        "\"a \\\"b\\\\\"", "\"\"", "tok:en/*!", "*x", ":aGVsbG8=:", "::", "?0", "?1", "@1659578233", "@-1",
        "%\"f%c3%bc%c3%bc %25 %22\"", "1;a;b=2;*c=\"d\""}) {
    EXPECT_EQ(item(text), text);
  }
  EXPECT_EQ(item("  42  "), "42");
  EXPECT_EQ(item("007"), "7");
  EXPECT_EQ(item("-0"), "0");
  EXPECT_EQ(item("1.50"), "1.5");
  EXPECT_EQ(item("1.0"), "1.0");
  EXPECT_EQ(item("1;  a=1;a=2"), "1;a=2");
  EXPECT_EQ(item("1;a=?1"), "1;a");
  EXPECT_EQ(item(":aGVsbG8:"), ":aGVsbG8=:");
}

TEST(StructuredFields, InvalidItemsAreRefused) {
  for (const auto& text : {""s,
                           " "s,
                           "1 2"s,
                           "1,2"s,
                           "-"s,
                           "--1"s,
                           "+1"s,
                           "1."s,
                           ".1"s,
                           "1.1234"s,
                           "1234567890123.1"s,
                           "1000000000000000"s,
                           "1e3"s,
                           "0x1"s,
                           "\"a"s,
                           "\"\\a\""s,
                           "\"\xC3\xA9\""s,
                           "\"\t\""s,
                           "'a'"s,
                           ":a:"s,
                           ":aGVsbG8"s,
                           ":_-:"s,
                           ":a b=:"s,
                           "?"s,
                           "?2"s,
                           "?true"s,
                           "@1.5"s,
                           "@"s,
                           "@x"s,
                           "%\"%C3%BC\""s,
                           "%\"%c3\""s,
                           "%\"%ed%a0%80\""s,
                           "%\"%c0%80\""s,
                           "%\"%f4%90%80%80\""s,
                           "%\"a"s,
                           "%a"s,
                           "%\"%0\""s,
                           "\t1"s,
                           "1\t"s,
                           "1;"s,
                           "1;A"s,
                           "1;a="s,
                           "1;a=(1)"s,
                           "1 ;a"s,
                           "(1 2)"s,
                           "\x01"s,
                           "a\0"s}) {
    EXPECT_EQ(item(text), "refused") << text;
  }
}

TEST(StructuredFields, ListsAndInnerLists) {
  EXPECT_EQ(list(""), "");
  EXPECT_EQ(list("a,b ,\t c"), "a, b, c");
  EXPECT_EQ(list("( 1  2 );x, ();y=?0"), "(1 2);x, ();y=?0");
  for (const char* text :
       {",", "a,", "a, ", "a,,b", "a b", "(1", "(1,2)", "(1 (2))", "(1\t2)", "1)", "(1\"2\")"}) {
    EXPECT_EQ(list(text), "refused") << text;
  }
}

TEST(StructuredFields, DictionariesAsRateLimitWritesThem) {
  EXPECT_EQ(dictionary("a=1, b, c=(1 2);d, e;f=2"), "a=1, b, c=(1 2);d, e;f=2");
  EXPECT_EQ(dictionary("a=1,b=2,a=3"), "a=3, b=2");
  EXPECT_EQ(dictionary("a=?1;x"), "a;x");
  for (const char* text : {"A=1", "1=a", "a=", "a=1,", "a=1 b=2", "a= 1", "a =1", "=1"})
    EXPECT_EQ(dictionary(text), "refused") << text;

  const List policy = {Item{std::string("default"), {{"q", std::int64_t{100}}, {"w", std::int64_t{60}}}}};
  EXPECT_EQ(serialise(policy), "\"default\";q=100;w=60");
  EXPECT_EQ(parse_list("\"default\";q=100;w=60"), policy);
}

TEST(StructuredFields, ValuesOutsideOfTheTypeAreNotWritten) {
  const auto written = [](BareItem value) { return serialise(Item{std::move(value), {}}).has_value(); };
  EXPECT_FALSE(written(std::int64_t{1'000'000'000'000'000}));
  EXPECT_FALSE(written(Decimal{1'000'000'000'000'000}));
  EXPECT_FALSE(written("a\r\nSet-Cookie: b"s));
  EXPECT_FALSE(written("\xC3\xA9"s));
  EXPECT_FALSE(written(Token{""}));
  EXPECT_FALSE(written(Token{"1a"}));
  EXPECT_FALSE(written(Token{"a b"}));
  EXPECT_FALSE(written(DisplayString{"\xFF"}));
  EXPECT_TRUE(written(DisplayString{"\r\n"}));
  EXPECT_FALSE(serialise(Dictionary{{"A", Item{true, {}}}}));
  EXPECT_FALSE(serialise(Item{true, {{"", true}}}));
}

}  // namespace
}  // namespace gatehouse::http::structured
