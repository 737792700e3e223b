#include "json/parser.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "json/decimal.h"
#include "json/writer.h"

namespace gatehouse::json {
namespace {

std::string read(std::string_view text, ParseLimits limits = {}) {
  Parser parser;
  Document document;
  const auto parsed = parser.parse(text, document, limits);
  if (!parsed) return std::string("!") + std::string(name(parsed.error().fault));
  return to_text(document.root());
}

TEST(Parser, AnEmptyTextIsRefusedByAParserThatHasReadNothingYet) {
  Parser parser;
  Document document;
  const auto parsed = parser.parse("", document);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().fault, Fault::empty);
}

TEST(Parser, EveryKindOfValueComesBackAsItWasWritten) {
  const std::string text =
      R"({"a":[1,-0,1.50,2e+10,123456789012345678901234567890],"b":{"c":"d","e":{}},"f":[],"g":null,"h":true,"i":false})";
  EXPECT_EQ(read(text), text);
  EXPECT_EQ(read(" \t\r\n[ 1 , 2 ] \n"), "[1,2]");
  EXPECT_EQ(read("\"x\""), "\"x\"");
  EXPECT_EQ(read("0"), "0");
}

TEST(Parser, EscapesAreResolvedAndPairsOfSurrogatesJoined) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")"), "\"\\\"\\\\/\\b\\f\\n\\r\\tAé€😀\"");
  EXPECT_EQ(read(R"("\u0000")"), R"("\u0000")");
  EXPECT_EQ(read(R"({"\u0061":1})"), R"({"a":1})");
}

// Objects of up to 64 members and larger ones are looked through in two ways.
TEST(Parser, ADuplicateIsFoundWhereverItsFirstStands) {
  for (const std::size_t count : {1U, 2U, 25U, 63U, 64U, 65U, 66U, 300U}) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i) text += "\"" + std::string(i, 'k') + "\":[{\"k\":0}],";
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(read(text + "\"" + std::string(i, 'k') + "\":1}"), "!duplicate_key") << count << ' ' << i;
    }
    const std::string alone = text + "\"" + std::string(count, 'k') + "\":1}";
    EXPECT_EQ(read(alone), alone);
  }
}

TEST(Parser, LoneSurrogatesAreRefused) {
  for (const char* text :
       {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\udc00\ud800")", R"("\ud800x")",
        R"("\ud800\n")", R"("\ud800\u0041")", R"("\uD800\)", R"("\ud83d\ude")"}) {
    const std::string answer = read(text);
    EXPECT_TRUE(answer == "!surrogate" || answer == "!syntax") << text << ' ' << answer;
  }
  EXPECT_EQ(read("\"\xED\xA0\x80\""), "!utf8");
}

TEST(Parser, DuplicateKeysAreRefusedAfterUnescapingAtEveryDepthAndSize) {
  EXPECT_EQ(read(R"({"a":1,"a":2})"), "!duplicate_key");
  EXPECT_EQ(read(R"({"a":1,"\u0061":2})"), "!duplicate_key");
  EXPECT_EQ(read(R"({"":1,"":2})"), "!duplicate_key");
  EXPECT_EQ(read(R"({"a":1,"a\u0000":2})"), R"({"a":1,"a\u0000":2})");
  EXPECT_EQ(read(R"([{"b":{"long name 1":1,"long name 2":2,"long name 1":3}}])"), "!duplicate_key");
  EXPECT_EQ(read(R"([{"a":1},{"a":1}])"), R"([{"a":1},{"a":1}])");
  EXPECT_EQ(read(R"({"a":{"a":{"a":1}},"b":2})"), R"({"a":{"a":{"a":1}},"b":2})");
  for (const int count : {24, 25, 26, 40, 5000}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += "\"a rather long key " + std::to_string(i) + "\":0,";
    EXPECT_NE(read(text + "\"other\":0}").front(), '!') << count;
    EXPECT_EQ(read(text + "\"a rather long key 7\":0}"), "!duplicate_key") << count;
  }
}

TEST(Parser, NestingIsBoundedWithoutRecursion) {
  EXPECT_EQ(read("[[[]]]", {.depth = 3}), "[[[]]]");
  EXPECT_EQ(read("[[[[]]]]", {.depth = 3}), "!depth");
  EXPECT_EQ(read(R"({"a":{"a":[]}})", {.depth = 2}), "!depth");
  EXPECT_EQ(read("1", {.depth = 0}), "1");
  EXPECT_EQ(read(std::string(5'000'000, '[')), "!depth");
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "{\"a\":";
  EXPECT_EQ(read(deep), "!depth");
}

TEST(Parser, AFailureLeavesTheDocumentEmptyAndTheNextTextIsReadAfresh) {
  Parser parser;
  Document document;
  EXPECT_TRUE(parser.parse("[1,2,3]", document));
  EXPECT_FALSE(parser.parse("[1,2,3", document));
  EXPECT_TRUE(document.empty());
  ASSERT_TRUE(parser.parse("{\"k\":[true]}", document));
  EXPECT_EQ(to_text(document.root()), "{\"k\":[true]}");
  EXPECT_EQ(parser.parse("[1]", document, {.bytes = 2}).error().fault, Fault::too_large);
}

TEST(Parser, AValueKnowsWhereItStands) {
  Parser parser;
  Document document;
  ASSERT_TRUE(parser.parse(R"( {"a": [10, "x"]})", document));
  EXPECT_EQ(document.root().offset(), 1U);
  EXPECT_EQ(document.root().pointer("/a")->offset(), 7U);
  EXPECT_EQ(document.root().pointer("/a/1")->offset(), 12U);
  EXPECT_EQ(document.root().pointer("/a/1")->string(), "x");
  EXPECT_FALSE(document.root().pointer("/a/01"));
  EXPECT_FALSE(document.root().pointer("/a/2"));
  EXPECT_FALSE(document.root().pointer("a"));
}

TEST(Value, NumbersConvertExactlyOrNotAtAll) {
  Parser parser;
  Document document;
  ASSERT_TRUE(
      parser.parse("[1.0,1e2,1.5,9223372036854775807,9223372036854775808,-9223372036854775808,"
                   "-9223372036854775809,18446744073709551615,18446744073709551616,1e400,-1e-400,-0]",
                   document));
  const auto at = [&](std::size_t i) { return *document.root().at(i); };
  EXPECT_EQ(at(0).integer(), 1);
  EXPECT_EQ(at(1).integer(), 100);
  EXPECT_FALSE(at(2).integer());
  EXPECT_EQ(at(3).integer(), 9223372036854775807);
  EXPECT_FALSE(at(4).integer());
  EXPECT_EQ(at(5).integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(at(6).integer());
  EXPECT_EQ(at(7).unsigned_integer(), 18446744073709551615U);
  EXPECT_FALSE(at(8).unsigned_integer());
  EXPECT_EQ(at(9).number(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(at(10).number(), 0.0);
  EXPECT_EQ(at(11).integer(), 0);
}

TEST(Decimal, NumbersCompareByValueAtAnySize) {
  EXPECT_EQ(compare_numbers("1", "1.0"), 0);
  EXPECT_EQ(compare_numbers("100", "1e2"), 0);
  EXPECT_EQ(compare_numbers("0.001", "1E-3"), 0);
  EXPECT_EQ(compare_numbers("-0", "0.0e9"), 0);
  EXPECT_EQ(compare_numbers("9007199254740993", "9007199254740992"), 1);
  EXPECT_EQ(compare_numbers("1e400", "1e399"), 1);
  EXPECT_EQ(compare_numbers("-1e400", "-1e399"), -1);
  EXPECT_EQ(compare_numbers("-1", "0"), -1);
  for (std::size_t digits = 1; digits < 40; ++digits) {  // of the exponent: none wraps round to a small one
    for (const char digit : {'1', '8', '9'}) {
      const std::string exponent = "1" + std::string(digits, digit);
      EXPECT_EQ(compare_numbers("1e" + exponent, "100"), 1) << exponent;
      EXPECT_EQ(compare_numbers("1e-" + exponent, "0.01"), -1) << exponent;
      EXPECT_EQ(compare_numbers("1e-" + exponent, "0"), 1) << exponent;
      EXPECT_EQ(compare_numbers("9e" + std::string(digits, digit), "1e0"), 1);
    }
  }
  EXPECT_EQ(compare_numbers("0.1", "0.10000000000000000000000001"), -1);
  EXPECT_EQ(compare_numbers("12.5", "12.05"), 1);
}

TEST(Decimal, MultiplesAreExact) {
  EXPECT_TRUE(is_multiple("0.3", "0.1"));
  EXPECT_TRUE(is_multiple("0.0075", "0.0001"));
  EXPECT_FALSE(is_multiple("0.00751", "0.0001"));
  EXPECT_TRUE(is_multiple("1e308", "0.123456789e-300") == false);
  EXPECT_TRUE(is_multiple("1e308", "0.5"));
  EXPECT_TRUE(is_multiple("-6", "3"));
  EXPECT_TRUE(is_multiple("0", "7"));
  EXPECT_FALSE(is_multiple("7", "2"));
  EXPECT_TRUE(is_multiple("5", "2.5"));
  EXPECT_FALSE(is_multiple("5", "20"));
  EXPECT_TRUE(is_multiple("99999999999999999999999999999999999999", "9999999999999999999"));
  EXPECT_FALSE(is_multiple("99999999999999999999999999999999999998", "9999999999999999999"));
  EXPECT_TRUE(is_multiple("1e999999999999", "3") == false);
  EXPECT_TRUE(is_multiple("3e999999999999", "3"));
}

TEST(Equal, IgnoresTheOrderOfMembersAndTheSpellingOfNumbers) {
  Parser parser;
  Document a;
  Document b;
  const auto equal_texts = [&](std::string_view left, std::string_view right) {
    return parser.parse(left, a) && parser.parse(right, b) && equal(a.root(), b.root());
  };
  EXPECT_TRUE(equal_texts(R"({"a":1,"b":[2.0]})", R"({"b":[2],"a":1e0})"));
  EXPECT_FALSE(equal_texts(R"({"a":1,"b":2})", R"({"a":1,"c":2})"));
  EXPECT_FALSE(equal_texts("[1,2]", "[2,1]"));
  EXPECT_FALSE(equal_texts("1", "true"));
  EXPECT_FALSE(equal_texts("[]", "[null]"));
}

TEST(Builder, BuildsTheSameAsTheParser) {
  Document document;
  Builder build(document);
  build.begin_object();
  build.key("a");
  build.begin_array();
  build.number(std::int64_t{-5});
  build.number(0.5);
  build.string("x\"y");
  build.end_array();
  build.key("b");
  build.begin_object();
  build.end_object();
  build.key("c");
  build.null();
  build.end_object();
  EXPECT_EQ(to_text(document.root()), R"({"a":[-5,0.5,"x\"y"],"b":{},"c":null})");
  Document copied;
  Builder(copied).copy(document.root());
  const Document moved = std::move(copied);
  EXPECT_TRUE(equal(moved.root(), document.root()));
}

TEST(Writer, OutputIsAlwaysValidForAnyBytes) {
  std::string out;
  append_string(out, std::string_view("a\0\x1F\x7F\xFF\xC3(\xE2\x82\xAC\xF4\x90\x80\x80", 14));
  EXPECT_EQ(
      out,
      "\"a\\u0000\\u001f\x7F\xEF\xBF\xBD\xEF\xBF\xBD(€\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

// openapi/body_memory.h promises so much for a request's body.
TEST(Parser, ADocumentTakesAtMostFourteenTimesItsText) {
  constexpr std::size_t kBytes = std::size_t{512} << 10U;
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() < kBytes) text += piece;
    return text;
  };
  std::string keys = "{";
  for (int i = 0; keys.size() < kBytes; ++i) keys += fmt::format("\"{:x}\":1,", i);
  const auto taken = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  for (const std::string& text :
       {"[" + repeated("1,") + "1]", "[" + repeated("[],") + "[]]", "[" + repeated("\"\",") + "1]",
        keys + "\"\":1}", "[" + repeated("[[[[[[[[1]]]]]]]],") + "1]", "[" + repeated("{\"\":{}},") + "1]",
        "\"" + repeated("a") + "\"", "[" + repeated("1,") /* broken */}) {
    const std::size_t before = taken();
    Document document;
    {
      (void)Parser().parse(text, document);
    }
    EXPECT_LE(taken() - before, 14 * text.size()) << text.substr(0, 20);
    document.clear();
    EXPECT_LE(taken() - before, std::size_t{200} << 10U) << "and gives it back";
  }
}

}  // namespace
}  // namespace gatehouse::json
