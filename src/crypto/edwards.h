// Whether bytes are a point of an Edwards curve that a signature can be trusted under (RFC 8032
// sections 5.1.3 and 5.2.3). OpenSSL takes any bytes as a public key, and under a key of low order one
// signature fits every message.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::crypto {

enum class EdwardsCurve : std::uint8_t { ed25519, ed448 };
enum class EdwardsPoint : std::uint8_t { sound, not_canonical, not_on_curve, low_order };

// `encoded` has 32 bytes for Ed25519, 57 for Ed448.
EdwardsPoint check_point(EdwardsCurve curve, std::string_view encoded);

}  // namespace gatehouse::crypto
