// Secret<T>: a value that cannot be printed, compared in variable time, or left behind in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse {

// Overwrites memory in a way the compiler must not remove.
inline void wipe(void* data, std::size_t size) {
  std::memset(data, 0, size);
  asm volatile("" : : "r"(data) : "memory");
}

// Whether two byte runs are the same, in time that depends on their lengths only.
inline bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    asm volatile("" : "+r"(difference));
  }
  return difference == 0;
}

template <typename T>
class Secret;

// The text form: the one used for keys, tokens and passwords.
template <>
class Secret<std::string> {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept { take(other); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~Secret() { clear(); }

  bool empty() const { return value_.empty(); }
  bool equals(std::string_view other) const { return equal_in_constant_time(value_, other); }

  // The one way to the value, named so that every use can be found.
  std::string_view reveal() const { return value_; }

 private:
  void clear() {
    wipe(value_.data(), value_.size());
    value_.clear();
  }
  void take(Secret& other) {  // short strings are copied by a move: the source is wiped as well
    value_ = other.value_;
    other.clear();
  }
  std::string value_;
};

// The fixed-size binary form: hashes and derived keys.
template <std::size_t N>
class Secret<std::array<std::uint8_t, N>> {
 public:
  Secret() = default;
  explicit Secret(const std::array<std::uint8_t, N>& value) : value_(value) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(value_.data(), N); }

  std::span<const std::uint8_t, N> reveal() const { return value_; }

 private:
  std::array<std::uint8_t, N> value_{};
};

}  // namespace gatehouse
