#include "schema/pattern.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "json/document.h"
#include "schema/work.h"

namespace gatehouse::schema {
namespace {

bool found(std::string_view expression, std::string_view text) {
  const auto pattern = Pattern::compile(expression);
  if (!pattern) {
    ADD_FAILURE() << expression << ": " << pattern.error();
    return false;
  }
  return pattern->found_in(text);
}

TEST(Pattern, SimpleOnesAreMatchedAsRe2Would) {
  EXPECT_TRUE(found("^[A-Z]{2}$", "DE"));
  EXPECT_FALSE(found("^[A-Z]{2}$", "DEU"));
  EXPECT_FALSE(found("^[A-Z]{2}$", "DE\n"));
  EXPECT_FALSE(found("^[A-Z]{2}$", "D"));
  EXPECT_TRUE(found("^SKU-\\d{5}$", "SKU-01234"));
  EXPECT_FALSE(found("^SKU-\\d{5}$", "SKU-0123x"));
  EXPECT_TRUE(found("^ab", "abc"));
  EXPECT_TRUE(found("^á", "áé"));
  EXPECT_FALSE(found("^á", "a"));
  EXPECT_TRUE(found("^a{2,5000}$", std::string(5000, 'a')));
  EXPECT_FALSE(found("^a{2,5000}$", std::string(5001, 'a')));
}

TEST(Pattern, RunsThatOverlapAreLeftToTheOneThatCanGoBack) {
  EXPECT_TRUE(found("^a*a$", "aaa"));
  EXPECT_TRUE(found("^[a-z]*z?[x-z]$", "abcz"));
  EXPECT_TRUE(found("^a?a?a$", "a"));
  EXPECT_TRUE(found("^[a-z]+-?[0-9]+$", "abc-12"));
  EXPECT_TRUE(found("^[a-z]*[0-9]*[a-z]$", "abc"));
}

TEST(Pattern, MeansWhatEcmaScriptMeans) {
  EXPECT_TRUE(found("b", "abc"));
  EXPECT_FALSE(found("^.$", "\n"));
  EXPECT_FALSE(found("^.$", "\u2028"));
  EXPECT_TRUE(found("^.$", "😀"));
  EXPECT_TRUE(found("^[^]$", "\n"));
  EXPECT_FALSE(found("[]", "a"));
  EXPECT_TRUE(found("^\\s$", "\uFEFF"));
  EXPECT_FALSE(found("^\\w$", "é"));
  EXPECT_TRUE(found("^[\\w.-]+$", "a.b-c"));
  EXPECT_TRUE(found("^[^\\W]+$", "abc"));
  EXPECT_TRUE(found("^(?<year>\\d{4})$", "2026"));
  EXPECT_TRUE(found("^\\u{1F600}|\\uD83D\\uDE01$", "😁"));
  EXPECT_TRUE(found("^\\p{Script=Greek}+$", "λόγος"));
  EXPECT_TRUE(found("^\\p{sc=Grek}+\\p{Script=Latn}\\P{sc=Yi}$", "λόγοςab"));
  EXPECT_TRUE(found("^\\P{Lu}$", "a"));
  EXPECT_TRUE(found("^\\-\\_\\@$", "-_@"));
  EXPECT_TRUE(found("a|", ""));
}

TEST(Pattern, NothingIsFoundInsideACharacter) {
  EXPECT_FALSE(found("\\B", "a\uE000A"));
  EXPECT_FALSE(found("\\B\\s?", "b?a\U0001F600A"));
  EXPECT_FALSE(found("x|(\\B)", "aéa"));
  EXPECT_TRUE(found("\\B", "éé"));
  EXPECT_TRUE(found("é\\B$", "aé"));
  EXPECT_TRUE(found("^\\Bé", "éa"));
  EXPECT_FALSE(found("^\\Ba", "éa"));
}

TEST(Pattern, WhatCannotMeanTheSameIsRefused) {
  for (const std::string_view expression : {"(?=a)b",
                                            "(?!a)b",
                                            "b(?<=a)",
                                            "(?<!a)b",
                                            "(a)\\1",
                                            "(?<n>a)\\k<n>",
                                            "\\p{Emoji}",
                                            "a{,3}",
                                            "a**",
                                            "(a",
                                            "a)",
                                            "[a",
                                            "\\Z",
                                            "\\a",
                                            "[b-a]",
                                            "a{3,2}",
                                            "(?i)a",
                                            "\\u{110000}",
                                            "\\",
                                            "*a",
                                            "x{9000000}y|z",
                                            "(?:a){1,6000}b(?:c){1,6000}d",
                                            "\\01",
                                            "\\8"}) {
    EXPECT_FALSE(Pattern::compile(expression)) << expression;
  }
}

// JavaScript's result for each text.
TEST(Lookaround, AtAKnownPlaceIsASearchOfItsOwn) {
  struct Case {
    std::string_view expression;
    std::vector<std::string_view> has;
    std::vector<std::string_view> has_not;
  };
  const std::vector<Case> cases = {
      {"^(?!admin)(?=.*\\d).+$", {"a1", "1admin"}, {"admin1", "abc", ""}},
      {"^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$",
       {"1.5", "-0.1", "+7"},
       {"", "-", ".", "+."}},  // pydantic's Decimal
      {"(?=.*[A-Z])^[a-zA-Z]+$", {"aB"}, {"ab"}},
      {"^(?!-)[a-z-]{1,9}(?<!-)$", {"a-b", "a"}, {"-a", "a-", "-"}},
      {"^[a-z]+$(?<!admin)", {"user"}, {"admin", "myadmin"}},
      {"^/(?!v1/|v2/).*", {"/v3/a", "/"}, {"/v1/a", "/v2/", "v3"}},
      {"^[a-z]{2}(?!00)\\d{2}$", {"ab01", "ab10"}, {"ab00", "a01"}},
      {"^\\d+(?<!0)[a-z]{2}$", {"1ab", "101ab"}, {"10ab", "0ab"}},
      {"^(?:(?=a)\\w|b(?!c)).$", {"ax", "bx"}, {"bc", "cx"}},
      {"^((?!x)[a-z])?$", {"", "a"}, {"x", "ab"}},
      {"^(?!.*(?=ab)).{2}$", {"ba", "xx"}, {"ab"}},
      {"^(?=(?!a)[a-c]$)", {"b"}, {"a", "bb"}},
      {"foo(?=bar)", {"a foobar"}, {"foo", "foba"}},
      {"(?<=foo)bar", {"xfoobar"}, {"bar", "fobar"}},
      {"^a$(?!b)", {"a"}, {"ab"}},
      {"^(?<!a)b", {"b"}, {"ab"}},
      {"^(?=[^]{2,3}$)[^(?=]*$", {"ab", "äöü", "😀😀"}, {"a", "abcd", "(ab"}},
      {"[(?=]", {"(", "="}, {"a"}},
      {"\\(?!", {"!", "(!"}, {"("}},
      {"^\\0(?=1)1$",
       {std::string_view("\0"
                         "1",
                         2)},
       {"1"}},
      {"^\\uD83D(?=.)\\uDE00$|a", {"a"}, {"😀"}},
  };
  for (const Case& one : cases) {
    for (const std::string_view text : one.has)
      EXPECT_TRUE(found(one.expression, text)) << one.expression << " " << text;
    for (const std::string_view text : one.has_not)
      EXPECT_FALSE(found(one.expression, text)) << one.expression << " " << text;
  }
}

TEST(Lookaround, ElsewhereIsRefusedWithWhatToWrite) {
  for (const std::string_view expression :
       {"(?!a)b", "a+(?!b)", "^a+(?=b)c", "^(?:(?!a).)*$", "(?=.*\\d).{8,}", "b(?<!a)", "^a*(?<=b)c",
        "((?=a)b){2}", "\\b(?!the).*"}) {
    const auto refused = Pattern::compile(expression);
    ASSERT_FALSE(refused) << expression;
    EXPECT_NE(refused.error().find("allOf: [{pattern: …}, {not: {pattern: …}}]"), std::string::npos)
        << refused.error();
  }
  for (const std::string_view wrong :
       {"^(?=*a)b", "^(?=a)*b", "^(?=a", "^(?!a))", "^a(?={2})", "^(?=(a)\\1)", "^(?!\\a)"})
    EXPECT_FALSE(Pattern::compile(wrong)) << wrong;
  std::string deep = "a";
  for (int i = 0; i < 40; ++i) deep = "^(?=" + deep + ")";
  EXPECT_FALSE(Pattern::compile(deep));
  std::string many = "^";
  for (int i = 0; i < 70; ++i) many += "(?=a)";
  EXPECT_FALSE(Pattern::compile(many));
  std::string alternatives = "^";
  for (int i = 0; i < 20; ++i) alternatives += "(?:(?=a)a|b)";
  EXPECT_FALSE(Pattern::compile(alternatives));
  EXPECT_FALSE(Pattern::compile("^a(?:" + std::string(9'000, '(') + "(?=b)" + std::string(9'000, ')') + ")"));
}

// Where the work is spent nothing is found, and nothing is absent either.
TEST(Lookaround, IsNotAbsentWhereItCouldNotBeLookedFor) {
  const auto pattern = Pattern::compile("^(?!.*(x.*){3,}y)[^]*");
  ASSERT_TRUE(pattern);
  json::Document none;
  json::Builder(none).null();
  Work work(none.root(), Work::Share::whole);
  work.spend_all();
  EXPECT_FALSE(pattern->found_in("abc", work));
  Work enough(none.root(), Work::Share::whole);
  EXPECT_TRUE(pattern->found_in("abc", enough));
}

TEST(Repetitions, BeyondThoseOfRe2AreSplit) {
  const auto letters = [](std::size_t count) { return std::string(count, 'a'); };
  for (const std::size_t count : {999U, 1000U, 1001U, 1999U, 2000U, 2001U, 2500U, 2501U, 3001U}) {
    EXPECT_EQ(found("^(?:a){1001,2500}b$", letters(count) + "b"), count >= 1001 && count <= 2500) << count;
    EXPECT_EQ(found("^(?:a){2000}b$", letters(count) + "b"), count == 2000) << count;
    EXPECT_EQ(found("^(?:a){2001,}b$", letters(count) + "b"), count >= 2001) << count;
    EXPECT_EQ(found("^(?:a|b){0,2500}$", letters(count)), count <= 2500) << count;
  }
}

TEST(Repetitions, OfTheWholeAreALength) {
  const auto umlauts = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "ä";
    return text;
  };
  for (const std::string_view expression : {"^.{2,50000}$", "^(?=.{2,50000}$)"}) {
    EXPECT_TRUE(found(expression, umlauts(2)));
    EXPECT_TRUE(found(expression, umlauts(50'000)));
    EXPECT_FALSE(found(expression, umlauts(1)));
    EXPECT_FALSE(found(expression, umlauts(50'001)));
    EXPECT_FALSE(found(expression, umlauts(5) + "\n"));
  }
  EXPECT_TRUE(found("^.{2,5000}?$", "äö"));
}

TEST(Repetitions, AtTheEndOfASearchNeedNoMost) {
  EXPECT_TRUE(found("^.{1,2097152}", "x"));
  EXPECT_TRUE(found("^.{1,2097152}", std::string(5000, 'x')));
  EXPECT_FALSE(found("^.{1,2097152}", ""));
  EXPECT_FALSE(found("^.{1,2097152}", "\n"));
  EXPECT_FALSE(found("^[a-z]{3,2097152}", "ab1"));
  EXPECT_TRUE(found("b|^[a-z]{3,2097152}", "abc"));
  EXPECT_TRUE(found("a{0,5000}", ""));
  // What only looks like one keeps its meaning, or is refused as before.
  EXPECT_TRUE(found("^a\\\\{1,2000}", R"(a\\)"));
  EXPECT_TRUE(found("^a\\{1,2000\\}", "a{1,2000}"));
  EXPECT_FALSE(Pattern::compile("a{2000,1001}").has_value());
  EXPECT_FALSE(found("^a{2,1000}$", std::string(1001, 'a')));
}

TEST(Regex, TheFormatIsTheGrammarWithTheUFlag) {
  for (const std::string_view good : {"(?=a)", "(a)\\1", "(?<n>a)\\k<n>", "\\p{Emoji}", "\\p{Script=Grek}",
                                      "\\p{scx=Todr}", "[^]", "a{1,2}?", "\\cJ", "[\\b]", ""}) {
    EXPECT_TRUE(is_ecma_regex(good)) << good;
  }
  for (const std::string_view bad : {"\\a",
                                     "\\Z",
                                     "\\-",
                                     "]",
                                     "}",
                                     "{",
                                     "a{,1}",
                                     "\\1",
                                     "(?<n>a)(?<n>b)",
                                     "\\k<n>",
                                     "[\\w-a]",
                                     "(?a)",
                                     "^*",
                                     "\\p{Nothing}",
                                     "\\p{sc=grek}",
                                     "\\p{sc=Lu}",
                                     "\\p{sc=Grek=Greek}",
                                     "\\c1",
                                     "\\x1",
                                     "++"}) {
    EXPECT_FALSE(is_ecma_regex(bad)) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::schema
