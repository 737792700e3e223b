#include "base/ip.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace gatehouse {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

unsigned width(IpAddress::Family family) { return family == IpAddress::Family::v4 ? 32 : 128; }

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes) {
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  IpAddress address;
  address.bytes_ = bytes;
  address.family_ = Family::v6;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer || text.contains('\0')) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, buffer, four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, buffer, sixteen.data()) == 1) return v6(sixteen);
  return std::nullopt;
}

IpAddress IpAddress::prefix(unsigned bits) const {
  IpAddress result = *this;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = bits > i * 8 ? std::min(8U, bits - i * 8) : 0;
    result.bytes_[i] = static_cast<std::uint8_t>(result.bytes_[i] & (0xff00U >> kept));
  }
  return result;
}

bool IpAddress::is_loopback() const {
  static const IpAddress six = *parse("::1");
  return family_ == Family::v4 ? bytes_[0] == 127 : *this == six;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(family_ == Family::v4 ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network;
  network.address_ = *address;
  network.bits_ = width(address->family());
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.bits_);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (network.bits_ > width(address->family())) return std::nullopt;
    if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
  }
  if (address->prefix(network.bits_) != *address) return std::nullopt;
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  return address.family() == address_.family() && address.prefix(bits_) == address_;
}

std::string IpNetwork::text() const { return fmt::format("{}/{}", address_.text(), bits_); }

}  // namespace gatehouse
