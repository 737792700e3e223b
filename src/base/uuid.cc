#include "base/uuid.h"

#include <cstdint>

#include "base/encoding.h"

namespace gatehouse {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr bool is_dash(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

Uuid Uuid::v7(WallTime now, Entropy& entropy) {
  std::array<std::uint8_t, 16> bytes{};
  entropy.fill(std::span(bytes).subspan(6));
  const auto milliseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(0x70U | (bytes[6] & 0x0fU));  // version
  bytes[8] = static_cast<std::uint8_t>(0x80U | (bytes[8] & 0x3fU));  // variant

  Uuid id;
  char* at = id.text_.data();
  std::span<const std::uint8_t> rest = bytes;
  for (const std::size_t group : {4, 2, 2, 2, 6}) {
    if (at != id.text_.data()) *at++ = '-';
    at = put_hex(at, rest.first(group));
    rest = rest.subspan(group);
  }
  return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  Uuid id;
  if (text.size() != id.text_.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool right = is_dash(i) ? text[i] == '-' : kHex.contains(text[i]);
    if (!right) return std::nullopt;
    id.text_[i] = text[i];
  }
  return id;
}

}  // namespace gatehouse
