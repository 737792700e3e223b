#include "schema/pattern.h"

#include <string_view>

#include <gtest/gtest.h>

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
  for (const std::string_view expression :
       {"(?=a)b", "(?!a)b",      "(?<=a)b", "(?<!a)b", "(a)\\1",     "(?<n>a)\\k<n>", "\\p{Emoji}", "a{,3}",
        "a**",    "(a",          "a)",      "[a",      "\\Z",        "\\a",           "[b-a]",      "a{3,2}",
        "(?i)a",  "\\u{110000}", "\\",      "*a",      "x{2000}y|z", "\\01",          "\\8"}) {
    EXPECT_FALSE(Pattern::compile(expression)) << expression;
  }
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
