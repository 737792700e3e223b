#include "http/proxy_protocol.h"

#include <algorithm>
#include <array>

namespace gatehouse::http {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedSize = 16;
constexpr std::uint8_t kTlvCrc32c = 0x03;

constexpr std::array<std::uint32_t, 256> kCrc32c = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}();

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }
std::uint16_t number(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(text, at) << 8U | byte_at(text, at + 1));
}

// Over the whole header, with the four bytes of the checksum itself taken as zero.
std::uint32_t checksum(std::string_view header, std::size_t checksum_at) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::uint8_t value = i >= checksum_at && i < checksum_at + 4 ? 0 : byte_at(header, i);
    crc = kCrc32c[(crc ^ value) & 0xFFU] ^ (crc >> 8U);
  }
  return ~crc;
}

bool tlvs_hold(std::string_view header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < 3) return false;
    const auto type = byte_at(header, at);
    const std::size_t size = number(header, at + 1);
    at += 3;
    if (header.size() - at < size) return false;
    if (type == kTlvCrc32c) {
      if (size != 4) return false;
      const std::uint32_t stated = std::uint32_t{number(header, at)} << 16U | number(header, at + 2);
      if (stated != checksum(header, at)) return false;
    }
    at += size;
  }
  return true;
}

template <std::size_t N>
std::array<std::uint8_t, N> bytes(std::string_view text, std::size_t at) {
  std::array<std::uint8_t, N> result;
  for (std::size_t i = 0; i < N; ++i) result[i] = byte_at(text, at + i);
  return result;
}

}  // namespace

Progress parse_proxy_header(std::string_view buffer, ProxyHeader& header) {
  const auto known = std::min(buffer.size(), kSignature.size());
  if (buffer.substr(0, known) != kSignature.substr(0, known)) return Progress::malformed;
  if (buffer.size() < kFixedSize) return Progress::need_more;

  const std::size_t size = kFixedSize + number(buffer, 14);
  if (size > kProxyHeaderLimit) return Progress::malformed;
  const auto version_and_command = byte_at(buffer, 12);
  const auto family = byte_at(buffer, 13);
  const bool local = version_and_command == 0x20;
  if (!local && version_and_command != 0x21) return Progress::malformed;

  if (local) {  // its addresses must be ignored
    if (buffer.size() < size) return Progress::need_more;
    header = {};
    header.size = size;
    return Progress::complete;
  }

  std::size_t addresses = 0;
  switch (family) {
    case 0x00: break;                  // AF_UNSPEC
    case 0x11: addresses = 12; break;  // TCP over IPv4
    case 0x21: addresses = 36; break;  // TCP over IPv6
    default: return Progress::malformed;
  }
  if (size < kFixedSize + addresses) return Progress::malformed;
  if (buffer.size() < size) return Progress::need_more;
  const auto whole = buffer.substr(0, size);
  if (!tlvs_hold(whole, kFixedSize + addresses)) return Progress::malformed;

  header = {};
  header.size = size;
  if (family == 0x11) {
    header.source = {IpAddress::v4(bytes<4>(whole, 16)), number(whole, 24)};
    header.destination = {IpAddress::v4(bytes<4>(whole, 20)), number(whole, 26)};
  } else if (family == 0x21) {
    header.source = {IpAddress::v6(bytes<16>(whole, 16)), number(whole, 48)};
    header.destination = {IpAddress::v6(bytes<16>(whole, 32)), number(whole, 50)};
  }
  return Progress::complete;
}

}  // namespace gatehouse::http
