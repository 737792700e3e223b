// Request methods (RFC 9110 section 9, RFC 5789).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::http {

// `other` is every other token; methods are case-sensitive, so `get` is `other`.
enum class Method : std::uint8_t { get, head, post, put, delete_, options, trace, patch, connect, other };
inline constexpr std::size_t kMethodCount = 10;

inline constexpr std::array<std::string_view, kMethodCount> kMethodNames = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "other"};

constexpr std::string_view name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

constexpr Method method_from(std::string_view text) {
  const auto known = [text](Method method) { return text == name(method) ? method : Method::other; };
  switch (text.size()) {
    case 3: return text.front() == 'G' ? known(Method::get) : known(Method::put);
    case 4: return text.front() == 'P' ? known(Method::post) : known(Method::head);
    case 5: return text.front() == 'P' ? known(Method::patch) : known(Method::trace);
    case 6: return known(Method::delete_);
    case 7: return text.front() == 'O' ? known(Method::options) : known(Method::connect);
    default: return Method::other;
  }
}
static_assert([] {
  for (std::size_t i = 0; i + 1 < kMethodCount; ++i) {
    if (method_from(kMethodNames[i]) != static_cast<Method>(i)) return false;
  }
  return method_from("other") == Method::other && method_from("get") == Method::other;
}());

}  // namespace gatehouse::http
