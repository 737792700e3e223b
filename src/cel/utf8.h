// Code points in UTF-8 text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatehouse::cel {

// Bytes of the character that starts with `lead`. Precondition of everything here but valid(): valid text.
constexpr std::size_t sequence_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

bool valid_utf8(std::string_view text);
std::size_t count_code_points(std::string_view text);
// The offset in bytes of the code point with this index; text.size() for the index behind the last one,
// std::string_view::npos beyond.
std::size_t offset_of(std::string_view text, std::size_t index);
char32_t decode(std::string_view character);
// Writes one to four bytes; returns how many.
std::size_t encode(char32_t point, char* out);

}  // namespace gatehouse::cel
