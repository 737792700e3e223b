// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

// Whether a terminal or a reader of lines takes the character for something else than text: controls, line
// and paragraph ends, what is invisible, and what turns the direction of writing. All are below U+10000.
constexpr bool deceives(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb);
}

// The text with characters that deceive a terminal spelled out, `\u001b`, and bytes that are no
// character as U+FFFD. Line ends are among those characters.
std::string printable(std::string_view text);

}  // namespace gatehouse
