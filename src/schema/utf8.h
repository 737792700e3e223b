// UTF-8 that is known to be valid (a json::Parser saw to that), read and written code point by code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::schema {

// The code point at text[i]; i moves behind it. Stays inside `text` even where it is not valid.
inline std::uint32_t next_code_point(std::string_view text, std::size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  const unsigned tails = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  std::uint32_t code = tails == 0 ? lead : lead & (0x7FU >> (tails + 1));
  for (unsigned k = 0; k < tails && i < text.size(); ++k) {
    code = code << 6U | (static_cast<unsigned char>(text[i++]) & 0x3FU);
  }
  return code;
}

inline void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const unsigned tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xFF00U >> (tails + 1) & 0xFFU) | code >> (6 * tails));
  for (unsigned k = tails; k-- > 0;) out += static_cast<char>(0x80U | (code >> (6 * k) & 0x3FU));
}

}  // namespace gatehouse::schema
