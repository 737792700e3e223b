#include "cel/utf8.h"

namespace gatehouse::cel {
namespace {

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead < 0xC2 || lead > 0xF4) return false;
    const std::size_t length = sequence_length(text[i]);
    if (text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if (!continuation(text[i + k])) return false;
    }
    const char32_t point = decode(text.substr(i, length));
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += continuation(c) ? 0U : 1U;
  return count;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t offset = 0;
  for (; index > 0; --index) {
    if (offset >= text.size()) return std::string_view::npos;
    offset += sequence_length(text[offset]);
  }
  return offset;
}

char32_t decode(std::string_view character) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(character[i]));
  };
  switch (character.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3: return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    default:
      return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U |
             (byte(3) & 0x3FU);
  }
}

std::size_t encode(char32_t point, char* out) {
  const auto put = [&](std::size_t i, char32_t value) {
    out[i] = static_cast<char>(static_cast<unsigned char>(value));
  };
  if (point < 0x80) {
    put(0, point);
    return 1;
  }
  if (point < 0x800) {
    put(0, 0xC0U | point >> 6U);
    put(1, 0x80U | (point & 0x3FU));
    return 2;
  }
  if (point < 0x10000) {
    put(0, 0xE0U | point >> 12U);
    put(1, 0x80U | (point >> 6U & 0x3FU));
    put(2, 0x80U | (point & 0x3FU));
    return 3;
  }
  put(0, 0xF0U | point >> 18U);
  put(1, 0x80U | (point >> 12U & 0x3FU));
  put(2, 0x80U | (point >> 6U & 0x3FU));
  put(3, 0x80U | (point & 0x3FU));
  return 4;
}

}  // namespace gatehouse::cel
