#include "crypto/algorithm.h"

#include <array>

namespace gatehouse::crypto {
namespace {

constexpr std::array<std::string_view, kAlgorithms> kNames = {"ES256", "ES384", "ES512",   "RS256",
                                                              "RS384", "RS512", "PS256",   "PS384",
                                                              "PS512", "EdDSA", "Ed25519", "Ed448"};

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

std::string_view name(Algorithm algorithm) { return kNames[static_cast<std::size_t>(algorithm)]; }

}  // namespace gatehouse::crypto
