// Addresses and networks (RFC 4291, RFC 4632, text form RFC 5952).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

// IPv4 is held as itself, never as an IPv4-mapped IPv6 address: `::ffff:1.2.3.4` parses to 1.2.3.4, so that
// no rule can be passed by writing an address the other way.
class IpAddress {
 public:
  enum class Family : std::uint8_t { v4, v6 };

  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress v6(std::array<std::uint8_t, 16> bytes);
  // Strict: no leading zeros in IPv4, no zone, no brackets, no port.
  static std::optional<IpAddress> parse(std::string_view text);

  Family family() const { return family_; }
  // 4 bytes are meaningful for v4, 16 for v6; the rest are zero.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  // The address with all but its first `bits` bits cleared.
  IpAddress prefix(unsigned bits) const;
  bool is_loopback() const;
  std::string text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  Family family_ = Family::v4;
};

class IpNetwork {
 public:
  // "10.0.0.0/8", or an address alone for a network of one. Bits set behind the prefix are refused: the
  // writer meant something else.
  static std::optional<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  const IpAddress& address() const { return address_; }
  unsigned bits() const { return bits_; }
  std::string text() const;
  bool operator==(const IpNetwork&) const = default;

 private:
  IpAddress address_;
  unsigned bits_ = 0;
};

}  // namespace gatehouse
