// Character classes of RFC 9110 and RFC 3986 as one table, and the scans over them. SSE2 belongs to every
// x86-64; elsewhere the table alone does the work.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gatehouse::http {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,   // RFC 9110 tchar
  kPathCharacter = 2,    // RFC 3986 pchar without `%`
  kTargetCharacter = 4,  // pchar, `/`, `?`, `%`, and `[ ] |`
  kTargetMark = 8,       // of the target characters those that a path is checked at: `/`, `%`, `[ ] |`
  kHexDigit = 16,
  kUnreserved = 32,  // RFC 3986 section 2.3
  kHostCharacter = 64,
  kDigit = 128,
};

inline constexpr std::array<std::uint8_t, 256> kCharacters = [] {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&table](std::string_view characters, std::uint8_t bits) {
    for (const char c : characters) table[static_cast<std::uint8_t>(c)] |= bits;
  };
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kDigits = "0123456789";
  for (const auto alphanumerics : {kLetters, kDigits}) {
    add(alphanumerics, kTokenCharacter | kPathCharacter | kTargetCharacter | kUnreserved | kHostCharacter);
  }
  add(kDigits, kDigit);
  add("0123456789abcdefABCDEF", kHexDigit);
  add("!#$%&'*+-.^_`|~", kTokenCharacter);
  add("-._~", kUnreserved);
  add("-._", kHostCharacter);
  add("-._~!$&'()*+,;=:@", kPathCharacter | kTargetCharacter);
  add("/?%[]|", kTargetCharacter);
  add("/%[]|", kTargetMark);
  return table;
}();

constexpr bool is(char c, std::uint8_t classes) {
  return (kCharacters[static_cast<std::uint8_t>(c)] & classes) != 0;
}

constexpr bool all(std::string_view text, std::uint8_t classes) {
  for (const char c : text) {
    if (!is(c, classes)) return false;
  }
  return true;
}

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// The first byte in [at, end) that is no tchar, or end.
inline std::size_t token_end(const char* text, std::size_t at, std::size_t end) {
#ifdef __SSE2__
  // Letters, digits and `-` sixteen at a time; the rarer signs by the table.
  const auto within = [](__m128i v, char low, char width) {
    const __m128i shifted = _mm_sub_epi8(v, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(width)), shifted);
  };
  while (at + 16 <= end) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
    const __m128i letters = within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 25);
    const __m128i digits = within(v, '0', 9);
    const __m128i dashes = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));
    const auto good =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digits), dashes)));
    if (good == 0xFFFF) {
      at += 16;
      continue;
    }
    at += static_cast<std::size_t>(std::countr_one(good));
    if (!is(text[at], kTokenCharacter)) return at;
    ++at;
  }
#endif
  while (at < end && is(text[at], kTokenCharacter)) ++at;
  return at;
}

// The first byte in [at, end) that no field value may hold: a control other than tab. Or end.
inline std::size_t value_end(const char* text, std::size_t at, std::size_t end) {
#ifdef __SSE2__
  while (at + 16 <= end) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    const __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F));
    const auto bad = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
    if (bad != 0) return at + static_cast<std::size_t>(std::countr_zero(bad));
    at += 16;
  }
#endif
  while (at < end && (!is_control(text[at]) || text[at] == '\t')) ++at;
  return at;
}

}  // namespace gatehouse::http
