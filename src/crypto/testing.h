// Keys of every type, and tokens of an attacker.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/jws.h"
#include "crypto/signer.h"

namespace gatehouse::crypto::testing {

inline const Signer& signer(KeyType type) {
  static const Signer signers[] = {*Signer::generate(KeyType::rsa),     *Signer::generate(KeyType::p256),
                                   *Signer::generate(KeyType::p384),    *Signer::generate(KeyType::p521),
                                   *Signer::generate(KeyType::ed25519), *Signer::generate(KeyType::ed448)};
  return signers[static_cast<std::size_t>(type)];
}

inline constexpr KeyType kTypes[] = {KeyType::rsa,  KeyType::p256,    KeyType::p384,
                                     KeyType::p521, KeyType::ed25519, KeyType::ed448};
inline constexpr std::string_view kPayload = R"({"iss":"joe"})";

inline KeySet keys_of(std::initializer_list<std::string> jwks) {
  std::string text = R"({"keys":[)";
  for (const std::string& jwk : jwks) text += (text.back() == '[' ? "" : ",") + jwk;
  return *KeySet::parse(text + "]}");
}
inline KeySet keys_of(KeyType type) { return keys_of({signer(type).public_jwk()}); }

// Nothing when the token is accepted.
inline std::optional<TokenFault> fault(std::string_view token, const KeySet& keys,
                                       AlgorithmSet allowed = AlgorithmSet::all()) {
  JwsVerifier verifier;
  const auto verified = verifier.verify(token, keys, allowed);
  return verified ? std::nullopt : std::optional(verified.error());
}

// Signed by the right key, under a header of the attacker's choice.
inline std::optional<TokenFault> fault_of_header(std::string_view header) {
  return fault(*signer(KeyType::p256).sign(Algorithm::es256, header, kPayload), keys_of(KeyType::p256));
}

inline std::string unsigned_token(std::string_view header, std::string_view signature = "") {
  return base64url(header) + '.' + base64url(kPayload) + '.' + base64url(signature);
}

}  // namespace gatehouse::crypto::testing
