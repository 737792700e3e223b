#include "crypto/api_key.h"

#include <array>
#include <span>

#include "base/encoding.h"

namespace gatehouse::crypto {
namespace {

constexpr std::string_view kApiKeyPrefix = "gh_";
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kIdLength = 12;
constexpr std::size_t kSecretLength = 33;
constexpr std::size_t kChecksumLength = 6;  // 62^6 > 2^32
constexpr std::size_t kSeparator = kApiKeyPrefix.size() + kIdLength;
constexpr std::size_t kLength = kSeparator + 1 + kSecretLength + kChecksumLength;
constexpr std::size_t kMinPepperBytes = 32;

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
    table[i] = value;
  }
  return table;
}();

std::uint32_t crc32(std::string_view text) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const char c : text)
    value = (value >> 8U) ^ kCrcTable[(value ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~value;
}

std::array<char, kChecksumLength> checksum(std::string_view text) {
  std::array<char, kChecksumLength> digits{};
  std::uint32_t value = crc32(text);
  for (std::size_t i = kChecksumLength; i-- > 0; value /= 62) digits[i] = kAlphabet[value % 62];
  return digits;
}

constexpr bool in_alphabet(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Each character is equally likely: bytes that would favour some are drawn again.
void append_random(std::string& out, std::size_t length, Entropy& entropy) {
  constexpr unsigned kUsable = 256 / 62 * 62;
  const std::size_t end = out.size() + length;
  std::array<std::uint8_t, 64> bytes{};
  while (out.size() < end) {
    entropy.fill(bytes);
    for (const std::uint8_t byte : bytes) {
      if (out.size() < end && byte < kUsable) out += kAlphabet[byte % 62];
    }
  }
  wipe(bytes.data(), bytes.size());
}

}  // namespace

std::optional<ApiKey> ApiKey::parse(std::string_view text) {
  if (text.size() != kLength || !text.starts_with(kApiKeyPrefix) || text[kSeparator] != '_')
    return std::nullopt;
  for (std::size_t i = kApiKeyPrefix.size(); i < kLength; ++i) {
    if (i != kSeparator && !in_alphabet(text[i])) return std::nullopt;
  }
  const auto digits = checksum(text.substr(0, kLength - kChecksumLength));
  if (text.substr(kLength - kChecksumLength) != std::string_view(digits.data(), digits.size()))
    return std::nullopt;
  ApiKey key;
  key.id_ = text.substr(kApiKeyPrefix.size(), kIdLength);
  key.text_ = text;
  return key;
}

NewApiKey generate_api_key(Entropy& entropy) {
  NewApiKey key;
  append_random(key.id, kIdLength, entropy);
  std::string text;
  text.reserve(kLength);  // one allocation, so that no copy of the secret is left behind
  text += kApiKeyPrefix;
  text += key.id;
  text += '_';
  append_random(text, kSecretLength, entropy);
  const auto digits = checksum(text);
  text.append(digits.data(), digits.size());
  key.text = Secret<std::string>(std::move(text));
  return key;
}

std::string imported_key_id(const Digest256& stored) {
  return std::string(kImportedPrefix).append(hex(std::span(stored).first(stored.size() / 2)));
}

Digest256 KeyHasher::hash_imported(const Digest256& sha256) const {
  std::string text = "imported key: ";  // which no API key begins with
  text.append(reinterpret_cast<const char*>(sha256.data()), sha256.size());
  return hmac_.mac(text);
}

Result<KeyHasher> KeyHasher::with_pepper(const Secret<std::string>& pepper) {
  const std::string_view bytes = pepper.reveal();
  if (bytes.size() < kMinPepperBytes) {
    return failure(ErrorCode::invalid, "the pepper of API keys has fewer than 32 bytes");
  }
  return KeyHasher(HmacSha256({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));
}

}  // namespace gatehouse::crypto
