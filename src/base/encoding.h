// Hex and base64url, strict: a text that two decoders could read differently is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse {

std::string hex(std::span<const std::uint8_t> bytes);
// The same into memory of twice the size; returns its end.
char* put_hex(char* at, std::span<const std::uint8_t> bytes);
std::optional<std::string> from_hex(std::string_view text);  // lower or upper case, even length

// RFC 4648 section 5 without padding. Decoding refuses padding, white space, other alphabets, and a last
// character whose unused bits are not zero (two texts for the same bytes).
std::string base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
// The same into a caller's string, so that a hot path can reuse its memory.
bool from_base64url(std::string_view text, std::string& out);

// RFC 4648 section 4 with padding, as strictly.
std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace gatehouse
