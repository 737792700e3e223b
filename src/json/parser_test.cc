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

std::string read_all(std::string_view text, Sequence sequence = Sequence::lines, ParseLimits limits = {}) {
  Parser parser;
  Document document;
  const auto parsed = parser.parse_sequence(text, sequence, document, limits);
  if (parsed) return to_text(document.root());
  EXPECT_TRUE(document.empty());
  const auto item = parsed.error().item;
  return fmt::format("!{}{}", name(parsed.error().fault), item ? fmt::format(" {}", *item) : "");
}

TEST(SequenceOfLines, HasOneValueOnEach) {
  EXPECT_EQ(read_all("{\"a\":1}\n{\"a\":[2]}\r\n3\n\"x\"\nnull"), R"([{"a":1},{"a":[2]},3,"x",null])");
  EXPECT_EQ(read_all("1"), "[1]");
  EXPECT_EQ(read_all(" \t1 \n2\n"), "[1,2]");
  EXPECT_EQ(read_all("1\r\n2\r\n"), "[1,2]");
  EXPECT_EQ(read_all("{\"a\":\"\\u2028\\r\"}\n"), "[{\"a\":\"\xE2\x80\xA8\\r\"}]");
  EXPECT_EQ(read_all("{\"a\":1,\"b\":2}\n{\"a\":1}\n"), R"([{"a":1,"b":2},{"a":1}])");
}

// Readers of lines skip blank ones or fail at them, and end lines at LF alone, at CR too (Python's text
// files) or at any line separator of Unicode (Python's splitlines).
TEST(SequenceOfLines, RefusesWhatReadersSplitInDifferentWays) {
  EXPECT_EQ(read_all("1\n\n2"), "!empty 1");
  EXPECT_EQ(read_all("\n1"), "!empty 0");
  EXPECT_EQ(read_all("1\n \t\n2"), "!empty 1");
  EXPECT_EQ(read_all("1\n\r\n2"), "!empty 1");
  EXPECT_EQ(read_all("1\n\n"), "!empty 1");
  EXPECT_EQ(read_all("1\n "), "!empty 1");
  EXPECT_EQ(read_all("1\r2\n"), "!framing 0");
  EXPECT_EQ(read_all("0\n[\r{\"admin\":true}\r]\n"), "!framing 1");
  EXPECT_EQ(read_all("1\r\r\n2"), "!framing 0");
  EXPECT_EQ(read_all("1\r"), "!framing 0");
  for (const std::string_view end : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"})
    EXPECT_EQ(read_all(fmt::format("1\n\"a{}b\"\n", end)), "!framing 1");
  EXPECT_EQ(read_all("\xEF\xBB\xBF{}\n"), "!syntax 0");
  EXPECT_EQ(read_all("{}\n\xEF\xBB\xBF{}\n"), "!syntax 1");
  EXPECT_EQ(read_all("\x1E{}\n"), "!syntax 0");
}

TEST(SequenceOfLines, NoValueTakesMoreThanItsLineOrLess) {
  EXPECT_EQ(read_all("{\"a\":1\n,\"b\":2}\n"), "!syntax 0");
  EXPECT_EQ(read_all("1\n[\n2]\n"), "!syntax 1");
  EXPECT_EQ(read_all("[1,\n2]"), "!syntax 0");
  EXPECT_EQ(read_all("1\n1 2\n"), "!trailing 1");
  EXPECT_EQ(read_all("1,\n2\n"), "!trailing 0");
  EXPECT_EQ(read_all("{}{}\n"), "!trailing 0");
  EXPECT_EQ(read_all("\"a\nb\"\n"), "!syntax");
  EXPECT_EQ(read_all(""), "!empty");
  EXPECT_EQ(read_all("\n"), "!empty");
  EXPECT_EQ(read_all("{}\n{\"a\":1,\"a\":1}\n"), "!duplicate_key 1");
  EXPECT_EQ(read_all("[]\n[[]]\n", Sequence::lines, {.depth = 1}), "!depth 1");
  EXPECT_EQ(read_all("[]\n[]\n", Sequence::lines, {.depth = 1}), "[[],[]]");
  EXPECT_EQ(read_all("{\"a\":\"\xFF\"}\n"), "!utf8");
  EXPECT_EQ(read_all("[[[[[[[[\n1\n", Sequence::lines, {.depth = 9}), "!syntax 0");
}

// RFC 7464 section 2.2; parsers must skip empty elements (2.1), and disagree about what is between them.
TEST(SequenceOfRecords, HasOneValueInEach) {
  const auto records = [](std::string_view text) { return read_all(text, Sequence::records); };
  EXPECT_EQ(records("\x1E{\"a\":1}\n\x1E"
                    "2\n\x1E[\n3\n]\r\n"),
            R"([{"a":1},2,[3]])");
  EXPECT_EQ(records("\x1E"
                    "1\n"),
            "[1]");
  EXPECT_EQ(records("1\n"), "!framing 0");
  EXPECT_EQ(records("\x1E"
                    "1"),
            "!framing 0")
      << "it may be a part of 12";
  EXPECT_EQ(records("\x1E"
                    "1\n\x1E"
                    "2"),
            "!framing 1");
  EXPECT_EQ(records("\x1E\x1E"
                    "1\n"),
            "!framing 0");
  EXPECT_EQ(records("\x1E\n\x1E"
                    "1\n"),
            "!empty 0");
  EXPECT_EQ(records("\x1E"
                    "1\n2\n"),
            "!trailing 0");
  EXPECT_EQ(records("\x1E[1,\n\x1E"
                    "2]\n"),
            "!syntax 0");
  EXPECT_EQ(records("\x1E\"a\x1E"
                    "b\"\n"),
            "!framing 0");
  EXPECT_EQ(records("\x1E\"a\n\x1E"
                    "b\"\n"),
            "!syntax");
  EXPECT_EQ(records("\x1E"), "!empty");
}

// Each line alone is the other reading.
TEST(SequenceOfLines, IsReadAsItsLinesAlone) {
  constexpr std::string_view kParts[] = {"{", "}",  "[",  "]", "\"a\"", ":",  ",",
                                         "1", "\n", "\n", " ", "\\",    "\"", "true"};
  std::uint32_t random = 1;
  std::size_t accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    const std::uint32_t length = 1 + round % 9;
    for (std::uint32_t i = 0; i < length; ++i) {
      random = random * 1664525U + 1013904223U;
      text += kParts[(random >> 16U) % std::size(kParts)];
    }
    std::string expected = "[";
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string one = read(rest.substr(0, end));
      if (one.starts_with('!')) expected.clear();
      if (expected.empty()) break;
      expected += (expected.size() > 1 ? "," : "") + one;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::string all = read_all(text);
    if (expected.empty()) {
      ASSERT_TRUE(all.starts_with('!')) << text;
      continue;
    }
    ASSERT_EQ(all, expected + "]") << text;
    ++accepted;
  }
  EXPECT_GT(accepted, 1000U);
}

}  // namespace
}  // namespace gatehouse::json
