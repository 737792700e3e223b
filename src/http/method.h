// Request methods: those of the IANA registry that a document can declare (RFC 9110 section 9, RFC 5789, RFC
// 4918, RFC 2068 section 19.6, draft-ietf-httpbis-safe-method-w-body).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::http {

// `other` is every other token; methods are case-sensitive, so `get` is `other`.
enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,
  options,
  trace,
  patch,
  query,
  copy,
  link,
  lock,
  mkcol,
  move,
  propfind,
  proppatch,
  report,
  search,
  unlink,
  unlock,
  connect,
  other
};
inline constexpr std::size_t kMethodCount = 22;

inline constexpr std::array<std::string_view, kMethodCount> kMethodNames = {
    "GET",    "HEAD",   "POST",   "PUT",    "DELETE",  "OPTIONS", "TRACE",    "PATCH",
    "QUERY",  "COPY",   "LINK",   "LOCK",   "MKCOL",   "MOVE",    "PROPFIND", "PROPPATCH",
    "REPORT", "SEARCH", "UNLINK", "UNLOCK", "CONNECT", "other"};

constexpr std::string_view name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

// The common ones first; each is compared with at most one name, the rare ones with a few.
constexpr Method method_from(std::string_view text) {
  const auto known = [text](Method method) { return text == name(method) ? method : Method::other; };
  const auto rare = [text]() {
    for (auto i = static_cast<std::size_t>(Method::query); i < static_cast<std::size_t>(Method::connect);
         ++i) {
      if (text == kMethodNames[i]) return static_cast<Method>(i);
    }
    return Method::other;
  };
  const auto or_rare = [&](Method method) { return text == name(method) ? method : rare(); };
  switch (text.size()) {
    case 3: return text.front() == 'G' ? known(Method::get) : known(Method::put);
    case 4: return text.front() == 'P' ? known(Method::post) : or_rare(Method::head);
    case 5: return text.front() == 'P' ? known(Method::patch) : or_rare(Method::trace);
    case 6: return or_rare(Method::delete_);
    case 7: return text.front() == 'O' ? known(Method::options) : known(Method::connect);
    default: return rare();
  }
}
static_assert([] {
  for (std::size_t i = 0; i + 1 < kMethodCount; ++i) {
    if (method_from(kMethodNames[i]) != static_cast<Method>(i)) return false;
  }
  return method_from("other") == Method::other && method_from("get") == Method::other;
}());

}  // namespace gatehouse::http
