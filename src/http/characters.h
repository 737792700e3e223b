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

#ifdef __SSE2__
// 0xFF in each byte of `v` that is in [low, low + width].
inline __m128i bytes_within(__m128i v, char low, char width) {
  const __m128i shifted = _mm_sub_epi8(v, _mm_set1_epi8(low));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(width)), shifted);
}
inline __m128i bytes_equal(__m128i v, char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); }
inline __m128i letters(__m128i v) { return bytes_within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 25); }
inline __m128i load_16(const char* text) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text)); }

// Runs over bytes that `usual` covers sixteen at a time, and asks the table about every other one.
template <typename Usual>
std::size_t class_end(const char* text, std::size_t at, std::size_t end, std::uint8_t classes, Usual usual) {
  while (at + 16 <= end) {
    const auto good = static_cast<unsigned>(_mm_movemask_epi8(usual(load_16(text + at))));
    if (good == 0xFFFF) {
      at += 16;
      continue;
    }
    at += static_cast<std::size_t>(std::countr_one(good));
    if (!is(text[at], classes)) return at;
    ++at;
  }
  while (at < end && is(text[at], classes)) ++at;
  return at;
}
#endif

// The first byte in [at, end) that is not a tchar, or end.
inline std::size_t token_end(const char* text, std::size_t at, std::size_t end) {
#ifdef __SSE2__
  return class_end(text, at, end, kTokenCharacter, [](__m128i v) {
    return _mm_or_si128(_mm_or_si128(letters(v), bytes_within(v, '0', 9)), bytes_equal(v, '-'));
  });
#else
  while (at < end && is(text[at], kTokenCharacter)) ++at;
  return at;
#endif
}

// The first byte in [at, end) that no request target may hold, or end.
inline std::size_t target_end(const char* text, std::size_t at, std::size_t end) {
#ifdef __SSE2__
  return class_end(text, at, end, kTargetCharacter, [](__m128i v) {
    const __m128i path = _mm_or_si128(letters(v), bytes_within(v, '-', '9' - '-'));
    const __m128i query = _mm_or_si128(bytes_equal(v, '='), bytes_equal(v, '&'));
    return _mm_or_si128(_mm_or_si128(path, query), _mm_or_si128(bytes_equal(v, '?'), bytes_equal(v, '_')));
  });
#else
  while (at < end && is(text[at], kTargetCharacter)) ++at;
  return at;
#endif
}

// The first byte in [at, end) that no field value may hold: a control other than tab. Or end.
inline std::size_t value_end(const char* text, std::size_t at, std::size_t end) {
#ifdef __SSE2__
  // Less 0x20, controls, DEL and obs-text are all above the printable characters: one comparison finds the
  // sixteen or sixty-four bytes that need a closer look.
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i last = _mm_set1_epi8(0x5E);
  while (at + 64 <= end) {
    const __m128i a = _mm_sub_epi8(load_16(text + at), space);
    const __m128i b = _mm_sub_epi8(load_16(text + at + 16), space);
    const __m128i c = _mm_sub_epi8(load_16(text + at + 32), space);
    const __m128i d = _mm_sub_epi8(load_16(text + at + 48), space);
    const __m128i highest = _mm_max_epu8(_mm_max_epu8(a, b), _mm_max_epu8(c, d));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(highest, last), last)) != 0xFFFF) break;
    at += 64;
  }
  while (at + 16 <= end) {
    const __m128i v = load_16(text + at);
    const __m128i control = _mm_andnot_si128(bytes_equal(v, '\t'), bytes_within(v, 0, 0x1F));
    const auto bad = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, bytes_equal(v, 0x7F))));
    if (bad != 0) return at + static_cast<std::size_t>(std::countr_zero(bad));
    at += 16;
  }
#endif
  while (at < end && (!is_control(text[at]) || text[at] == '\t')) ++at;
  return at;
}

}  // namespace gatehouse::http
