#include "http/proxy_protocol.h"

#include <string>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string header(char command, char family, const std::string& rest) {
  return kSignature + command + family + static_cast<char>(rest.size() >> 8U) +
         static_cast<char>(rest.size() & 0xFFU) + rest;
}
const std::string kV4 = "\xCB\x00\x71\x09\x0A\x00\x00\x01\xC3\x50\x01\xBB"s;
const std::string kV6 = "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01"s +
                        "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02"s + "\xC3\x50\x01\xBB"s;

// "source:port destination:port size", or the other outcome.
std::string read_header(const std::string& bytes) {
  ProxyHeader parsed;
  switch (parse_proxy_header(bytes, parsed)) {
    case Progress::need_more: return "need_more";
    case Progress::malformed: return "malformed";
    case Progress::complete: break;
  }
  if (!parsed.source) return "local " + std::to_string(parsed.size);
  return parsed.source->address.text() + ':' + std::to_string(parsed.source->port) + ' ' +
         parsed.destination->address.text() + ':' + std::to_string(parsed.destination->port) + ' ' +
         std::to_string(parsed.size);
}

TEST(ProxyProtocol, ReadsBothFamiliesAndLocal) {
  EXPECT_EQ(read_header(header(0x21, 0x11, kV4) + "GET"), "203.0.113.9:50000 10.0.0.1:443 28");
  EXPECT_EQ(read_header(header(0x21, 0x21, kV6)), "2001:db8::1:50000 2001:db8::2:443 52");
  EXPECT_EQ(read_header(header(0x20, 0x00, "")), "local 16");
  EXPECT_EQ(read_header(header(0x20, 0x31, "anything")), "local 24");
  EXPECT_EQ(read_header(header(0x21, 0x00, "")), "local 16");
}

TEST(ProxyProtocol, AsksForMoreAtEveryByteAndForNoneTooMany) {
  const std::string bytes = header(0x21, 0x11, kV4 + "\x04\x00\x01x"s);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(read_header(bytes.substr(0, i)), "need_more") << i;
  EXPECT_EQ(read_header(bytes), "203.0.113.9:50000 10.0.0.1:443 32");
}

TEST(ProxyProtocol, InconsistentHeadersAreRefused) {
  EXPECT_EQ(read_header("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"), "malformed");
  EXPECT_EQ(read_header("GET / HTTP/1.1\r\n"), "malformed");
  EXPECT_EQ(read_header("\x16\x03\x01"), "malformed");
  EXPECT_EQ(read_header(header(0x11, 0x11, kV4)), "malformed");
  EXPECT_EQ(read_header(header(0x22, 0x11, kV4)), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x12, kV4)), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x31, std::string(216, 'x'))), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x11, kV4.substr(1))), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x21, kV4)), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x11, kV4 + "\x04\x00"s)), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x11, kV4 + "\x04\x00\x02x"s)), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x11, std::string(1025, '\0'))), "malformed");
  EXPECT_EQ(read_header(header(0x21, 0x11, kV4 + "\x03\x00\x02xx"s)), "malformed");
}

TEST(ProxyProtocol, TheChecksumHoldsWhereThereIsOne) {
  // CRC32C bit by bit, as its definition says, to hold the table against.
  const auto crc32c = [](const std::string& bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : bytes) {
      crc ^= static_cast<std::uint8_t>(c);
      for (int i = 0; i < 8; ++i) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0x82F63B78U : crc >> 1U;
    }
    return ~crc;
  };
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  std::string bytes = header(0x21, 0x11, kV4 + "\x03\x00\x04\0\0\0\0"s + "\x04\x00\x01x"s);
  const auto crc = crc32c(bytes);
  const auto at = 16 + kV4.size() + 3;
  for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(crc >> (24 - 8 * i) & 0xFFU);
  EXPECT_EQ(read_header(bytes), "203.0.113.9:50000 10.0.0.1:443 39");
  for (std::size_t i = 16; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    // A changed type or length of the checksum's own record hides it; everything else is noticed.
    if (i >= 16 + kV4.size() && i < at) continue;
    EXPECT_EQ(read_header(changed), "malformed") << i;
  }
}

}  // namespace
}  // namespace gatehouse::http
