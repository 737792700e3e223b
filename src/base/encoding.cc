#include "base/encoding.h"

#include <array>
#include <cstring>

namespace gatehouse {
namespace {

// The two digits of every byte, one after another.
constexpr std::array<char, 512> kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = kDigits[i >> 4U];
    pairs[2 * i + 1] = kDigits[i & 15U];
  }
  return pairs;
}();
constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> reversed(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNone);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto kUrlValues = reversed(kUrlAlphabet);
constexpr auto kValues = reversed(kAlphabet);

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += alphabet[(bits >> static_cast<unsigned>(held)) & 63U];
    }
  }
  if (held > 0) out += alphabet[(bits << static_cast<unsigned>(6 - held)) & 63U];
  return out;
}

bool decode(std::string_view text, const std::array<std::uint8_t, 256>& values, std::string& out) {
  if (text.size() % 4 == 1) return false;
  out.resize(text.size() / 4 * 3 + (text.size() % 4 == 0 ? 0 : text.size() % 4 - 1));
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  char* to = out.data();
  std::uint8_t wrong = 0;  // collects the top bits: a character outside the alphabet is 0xff
  const std::size_t whole = text.size() / 4;
  for (std::size_t i = 0; i < whole; ++i, in += 4, to += 3) {
    const std::uint8_t a = values[in[0]];
    const std::uint8_t b = values[in[1]];
    const std::uint8_t c = values[in[2]];
    const std::uint8_t d = values[in[3]];
    wrong = static_cast<std::uint8_t>(wrong | a | b | c | d);
    to[0] = static_cast<char>((a << 2U) | (b >> 4U));
    to[1] = static_cast<char>((b << 4U) | (c >> 2U));
    to[2] = static_cast<char>((c << 6U) | d);
  }
  if (wrong & 0xc0U) return false;
  if (text.size() % 4 == 0) return true;
  const std::uint8_t a = values[in[0]];
  const std::uint8_t b = values[in[1]];
  if ((a | b) & 0xc0U) return false;
  to[0] = static_cast<char>((a << 2U) | (b >> 4U));
  if (text.size() % 4 == 2) return (b & 15U) == 0;
  const std::uint8_t c = values[in[2]];
  if (c & 0xc0U) return false;
  to[1] = static_cast<char>((b << 4U) | (c >> 2U));
  return (c & 3U) == 0;
}

std::uint8_t nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return kNone;
}

}  // namespace

char* put_hex(char* at, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    std::memcpy(at, &kHexPairs[std::size_t{2} * byte], 2);
    at += 2;
  }
  return at;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out(bytes.size() * 2, '\0');
  put_hex(out.data(), bytes);
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = nibble(text[i]);
    const std::uint8_t low = nibble(text[i + 1]);
    if (high == kNone || low == kNone) return std::nullopt;
    out += static_cast<char>((high << 4U) | low);
  }
  return out;
}

std::string base64url(std::string_view bytes) { return encode(bytes, kUrlAlphabet); }

bool from_base64url(std::string_view text, std::string& out) { return decode(text, kUrlValues, out); }

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  if (!decode(text, kUrlValues, out)) return std::nullopt;
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out = encode(bytes, kAlphabet);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::string out;
  if (!decode(text, kValues, out)) return std::nullopt;
  return out;
}

}  // namespace gatehouse
