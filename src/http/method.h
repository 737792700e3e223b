// Request methods (RFC 9110 section 9, RFC 5789).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::http {

// `other` is every token that is none of these; methods are case-sensitive, so `get` is `other`.
enum class Method : std::uint8_t { get, head, post, put, delete_, options, trace, patch, connect, other };
inline constexpr std::size_t kMethodCount = 10;

inline constexpr std::array<std::string_view, kMethodCount> kMethodNames = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "other"};

constexpr std::string_view name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

constexpr Method method_from(std::string_view text) {
  for (std::size_t i = 0; i + 1 < kMethodCount; ++i) {
    if (kMethodNames[i] == text) return static_cast<Method>(i);
  }
  return Method::other;
}

}  // namespace gatehouse::http
