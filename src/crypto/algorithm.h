// The signature algorithms of JOSE (RFC 7518 section 3.1, RFC 8037, RFC 9864) that use a public key. `none`
// and the HMAC family are not in the enumeration: neither a token nor a configuration can ask for them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace gatehouse::crypto {

enum class Algorithm : std::uint8_t {
  es256,
  es384,
  es512,
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  eddsa,    // with either Edwards curve
  ed25519,  // RFC 9864: the same signature under its full name
  ed448,
};
inline constexpr std::size_t kAlgorithms = 12;

// Exact, as in the `alg` header ("ES256"): another spelling is nothing.
std::optional<Algorithm> parse_algorithm(std::string_view name);
std::string_view name(Algorithm algorithm);

class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
    for (const Algorithm algorithm : algorithms) add(algorithm);
  }
  static constexpr AlgorithmSet all() {
    AlgorithmSet set;
    set.bits_ = (1U << kAlgorithms) - 1;
    return set;
  }
  constexpr void add(Algorithm algorithm) { bits_ = static_cast<std::uint16_t>(bits_ | bit(algorithm)); }
  constexpr bool contains(Algorithm algorithm) const { return (bits_ & bit(algorithm)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr AlgorithmSet operator&(AlgorithmSet other) const {
    AlgorithmSet both;
    both.bits_ = static_cast<std::uint16_t>(bits_ & other.bits_);
    return both;
  }
  constexpr bool operator==(const AlgorithmSet&) const = default;

 private:
  static constexpr unsigned bit(Algorithm algorithm) { return 1U << static_cast<unsigned>(algorithm); }
  std::uint16_t bits_ = 0;
};

}  // namespace gatehouse::crypto
