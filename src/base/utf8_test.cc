#include "base/utf8.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Utf8, TheFirstAndLastCharacterOfEachLengthAreValid) {
  for (const char* text : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, OverlongFormsSurrogatesAndFragmentsAreNot) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFE", "\xFF", "\xC2", "\xE1\x80", "\xF1\x80\x80", "\xC2\x41"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, ThePrefixEndsBeforeTheBadByteWhereverItStands) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\xC3';  // its second byte is missing
    EXPECT_EQ(valid_utf8_prefix(text), at);
  }
}

TEST(Utf8, AFirstCharacterIsTakenWhole) {
  EXPECT_EQ(first_character("ab").code, U'a');
  EXPECT_EQ(first_character("\u00e9x").code, U'\u00e9');
  EXPECT_EQ(first_character("\u00e9x").size, 2U);
  EXPECT_EQ(first_character("\u20ac").code, U'\u20ac');
  EXPECT_EQ(first_character("\U0001f600").code, U'\U0001f600');
  EXPECT_EQ(first_character("\U0001f600").size, 4U);
  for (const char* text : {"\x80", "\xC3", "\xC3(", "\xED\xA0\x80", "\xF0\x9F\x98"})
    EXPECT_EQ(first_character(text).size, 0U);
}

TEST(Utf8, ControlCharactersDeceive) {
  for (const char32_t c : {U'\0', U'\n', U'\x1b', U'\x7f', U'\x9b', U'\u061c', U'\u200b', U'\u202e',
                           U'\u2028', U'\u2066', U'\ufeff', U'\ufffb'}) {
    EXPECT_TRUE(deceives(c)) << static_cast<std::uint32_t>(c);
  }
  for (const char32_t c : {U' ', U'~', U'\u00a0', U'\u00e9', U'\u2027', U'\U0001f600'})
    EXPECT_FALSE(deceives(c)) << static_cast<std::uint32_t>(c);
}

TEST(Printable, LeavesTextAsItIsAndSpellsOutTheRest) {
  EXPECT_EQ(printable("Zo\u00eb 'x' \U0001f600"), "Zo\u00eb 'x' \U0001f600");
  EXPECT_EQ(printable(std::string_view("\0\xc2\x9b\xff", 4)), "\\u0000\\u009b\ufffd");
  // Soft hyphen, Mongolian vowel separator, Hangul filler, a variation selector, a tag, a supplementary
  // selector.
  EXPECT_EQ(printable("a\u00adb\u180ec\u3164d\ufe0fe\U000e0041f\U000e0100g"),
            "a\\u00adb\\u180ec\\u3164d\\ufe0fe\\udb40\\udc41f\\udb40\\udd00g");
  EXPECT_EQ(printable("\u034f\u115f\u2800\uffa0\U0001d173\uf8ff\U000f0000\U0010ffff"),
            "\\u034f\\u115f\\u2800\\uffa0\\ud834\\udd73\\uf8ff\\udb80\\udc00\\udbff\\udfff");
  EXPECT_EQ(printable("\u0627\u5b57\uac00\U00020000"), "\u0627\u5b57\uac00\U00020000") << "letters stay";
}

}  // namespace
}  // namespace gatehouse
