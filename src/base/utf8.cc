#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace gatehouse {
namespace {

// The size of the character at `at` in bytes; 0 if it is invalid. Precondition: bytes[at] is not ASCII.
std::size_t character(const unsigned char* at, std::size_t left) {
  const auto follows = [&](std::size_t i, unsigned least = 0x80, unsigned most = 0xBF) {
    return i < left && at[i] >= least && at[i] <= most;
  };
  const unsigned lead = at[0];
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned least = lead == 0xE0 ? 0xA0 : 0x80;  // overlong
    const unsigned most = lead == 0xED ? 0x9F : 0xBF;   // surrogates
    return follows(1, least, most) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned least = lead == 0xF0 ? 0x90 : 0x80;  // overlong
    const unsigned most = lead == 0xF4 ? 0x8F : 0xBF;   // above U+10FFFF
    return follows(1, least, most) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, bytes + i, 8);
      if ((eight & 0x8080808080808080U) == 0) {
        i += 8;
        continue;
      }
    }
    if (bytes[i] < 0x80) {
      ++i;
      continue;
    }
    const std::size_t size = character(bytes + i, text.size() - i);
    if (size == 0) return i;
    i += size;
  }
  return i;
}

Utf8Character first_character(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned lead = bytes[0];
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = character(bytes, text.size());
  if (size == 0) return {};
  char32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) code = (code << 6U) | (bytes[i] & 0x3fU);
  return {code, size};
}

void append_escaped(std::string& out, char32_t c) {
  const auto unit = [&](std::uint32_t code) { out += fmt::format("\\u{:04x}", code); };
  if (c < 0x10000) return unit(c);
  unit(0xd800 + ((c - 0x10000) >> 10U));
  unit(0xdc00 + ((c - 0x10000) & 0x3ffU));
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.size == 0) {
      out += "\ufffd";
    } else if (deceives(character.code)) {
      append_escaped(out, character.code);
    } else {
      out += text.substr(0, character.size);
    }
    text.remove_prefix(std::max<std::size_t>(character.size, 1));
  }
  return out;
}

}  // namespace gatehouse
