// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse {

// The bytes before the first that are not UTF-8: the text's size where all are.
std::size_t valid_utf8_prefix(std::string_view text);
inline bool is_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }

struct Utf8Character {
  char32_t code = 0;
  std::size_t size = 0;  // 0: not UTF-8
};
// Precondition: the text is not empty.
Utf8Character first_character(std::string_view text);

// Whether a terminal or a reader of lines interprets the character as something other than text: controls,
// line and paragraph ends, private use, invisible characters, and characters that change the direction of
// writing. Invisible are the Default_Ignorable_Code_Point of Unicode 15 (soft hyphen, joiners, Hangul
// fillers, variation selectors, tags), interlinear annotations, and the blanks that are not spaces (Braille,
// Hangul, musical).
constexpr bool deceives(char32_t c) {
  if (c < 0x20) return true;
  if (c < 0x7f) return false;
  constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},
      {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
      {0x2800, 0x2800},   {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
      {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159}, {0x1d173, 0x1d17a},
      {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};
  for (const auto& [first, last] : kRanges) {
    if (c <= last) return c >= first;
  }
  return false;
}

// Appends the character as JSON escapes it: `\u200b`, and a pair of surrogates beyond U+FFFF.
void append_escaped(std::string& out, char32_t c);

// The text with characters that deceive a terminal spelled out, `\u001b`, and invalid bytes as U+FFFD. Line
// ends are among those characters.
std::string printable(std::string_view text);

}  // namespace gatehouse
