// API keys: `gh_<id>_<secret><checksum>`, 55 characters.
//
//   id        12 of [0-9A-Za-z]: names the key in the store and in events; not a secret
//   secret    33 of [0-9A-Za-z]: 196 bits
//   checksum  6 of [0-9A-Za-z]: the CRC-32 (ISO-HDLC) of all before it, in base 62, most significant first
//
// The checksum refuses typing errors and noise before any lookup, and lets scanners for leaked secrets
// recognise a key; it proves nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/hash.h"

namespace gatehouse::crypto {

// A key's text that has the form above and the right checksum. Holds views: valid as long as the text.
class ApiKey {
 public:
  static std::optional<ApiKey> parse(std::string_view text);
  std::string_view id() const { return id_; }
  std::string_view text() const { return text_; }

 private:
  ApiKey() = default;
  std::string_view id_;
  std::string_view text_;
};

struct NewApiKey {
  std::string id;
  Secret<std::string> text;  // to be shown once
};
NewApiKey generate_api_key(Entropy& entropy);

// The id of a key of another system: kImportedPrefix and the first half of its stored hash, in hex. Found by
// that: the key itself names no id.
inline constexpr std::string_view kImportedPrefix = "imported-";
std::string imported_key_id(const Digest256& stored);

// The stored form of a key: HMAC-SHA-256 of its whole text (so that a hash is bound to its id) under the
// server's pepper. The secret has too many bits to be guessed, so a slow hash would only cost time. Safe to
// use from several threads.
class KeyHasher {
 public:
  // `invalid` for a pepper of fewer than 32 bytes.
  static Result<KeyHasher> with_pepper(const Secret<std::string>& pepper);
  Digest256 hash(const ApiKey& key) const { return hmac_.mac(key.text()); }
  // Tells one pepper from another, and nothing else of it.
  Digest256 fingerprint() const { return hmac_.mac("gatehouse: the pepper of API keys"); }
  // Of a key of another system, of which no more than its SHA-256 needs to be known. No key of the form above
  // has such a hash.
  Digest256 hash_imported(const Digest256& sha256) const;
  // In constant time.
  bool matches(const ApiKey& key, const Digest256& stored) const { return hmac_.matches(key.text(), stored); }

 private:
  explicit KeyHasher(HmacSha256 hmac) : hmac_(std::move(hmac)) {}
  HmacSha256 hmac_;
};

}  // namespace gatehouse::crypto
