// SipHash (Aumasson, Bernstein, "SipHash: a fast short-input PRF") with a result of 128 bits: a keyed hash
// for tables whose keys an attacker chooses. Without the key an attacker cannot produce collisions. The
// message comes in words and a rest, so that a caller with two parts need not join them, and the number of
// rounds is a parameter; libsodium has neither.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatehouse {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

template <int kCompressionRounds, int kFinalRounds>
class SipHash {
 public:
  explicit SipHash(SipKey key)
      : v0_(key.k0 ^ 0x736f6d6570736575U),
        v1_(key.k1 ^ 0x646f72616e646f6dU ^ 0xeeU),
        v2_(key.k0 ^ 0x6c7967656e657261U),
        v3_(key.k1 ^ 0x7465646279746573U) {}

  // Eight bytes of the message, little-endian.
  void add(std::uint64_t word) {
    v3_ ^= word;
    rounds<kCompressionRounds>();
    v0_ ^= word;
    length_ += 8;
  }

  // The rest of the message.
  Hash128 finish(std::string_view rest) {
    while (rest.size() >= 8) {
      add(load(rest.data(), 8));
      rest.remove_prefix(8);
    }
    const std::uint64_t length = length_ + rest.size();
    add(load(rest.data(), rest.size()) | (length << 56U));
    v2_ ^= 0xeeU;
    rounds<kFinalRounds>();
    Hash128 hash;
    hash.low = v0_ ^ v1_ ^ v2_ ^ v3_;
    v1_ ^= 0xddU;
    rounds<kFinalRounds>();
    hash.high = v0_ ^ v1_ ^ v2_ ^ v3_;
    return hash;
  }

 private:
  static std::uint64_t load(const char* data, std::size_t size) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t word = 0;
    if (size != 0) std::memcpy(&word, data, size);
    return word;
  }

  template <int kCount>
  void rounds() {
    for (int i = 0; i < kCount; ++i) {
      v0_ += v1_;
      v1_ = std::rotl(v1_, 13) ^ v0_;
      v0_ = std::rotl(v0_, 32);
      v2_ += v3_;
      v3_ = std::rotl(v3_, 16) ^ v2_;
      v0_ += v3_;
      v3_ = std::rotl(v3_, 21) ^ v0_;
      v2_ += v1_;
      v1_ = std::rotl(v1_, 17) ^ v2_;
      v2_ = std::rotl(v2_, 32);
    }
  }

  std::uint64_t v0_, v1_, v2_, v3_;
  std::uint64_t length_ = 0;
};

// The form for hash tables: one round for each word, three at the end.
using TableHash = SipHash<1, 3>;

}  // namespace gatehouse
